create virtual table temp.x using fts5(a)
