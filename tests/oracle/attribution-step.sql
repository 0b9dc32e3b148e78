-- One more step of the chain: how likely it is to have come to a conversion by then.
create temp table later as
select removed, t.a, sum(p * h) as h from t join v using (removed) where v.a = t.b group by removed, t.a;
delete from v; insert into v select * from later; drop table later;
