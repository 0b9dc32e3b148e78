insert into log select * from log returning *
