select randomblob(200000000), printf('%.*c', 100000000, 'x'), zeroblob(1000000000), group_concat(hex(randomblob(10000000))) from events
