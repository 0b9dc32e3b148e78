attach 'x' as y; vacuum into 'z'; pragma writable_schema=on; select load_extension('x')
