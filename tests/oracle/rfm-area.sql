-- The named groups, each drawn as its rectangles of scores (recency from, to, frequency from, to).
create temp table area(name, r1, r2, f1, f2);
insert into area values
    ('champions', 5, 5, 4, 5), ('loyal', 3, 4, 4, 5), ('potential loyalists', 4, 5, 2, 3),
    ('new', 5, 5, 1, 1), ('promising', 4, 4, 1, 1), ('need attention', 3, 3, 3, 3),
    ('about to sleep', 3, 3, 1, 2), ('at risk', 1, 2, 3, 4), ('cannot lose', 1, 2, 5, 5),
    ('hibernating', 1, 2, 1, 2);
