select * from sqlite_schema, pragma_table_info('events'), json_each('[1]'), dbstat
