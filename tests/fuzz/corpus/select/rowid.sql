select rowid, * from events where rowid = 0 union select rowid, * from events order by 1 desc limit -1 offset 1
