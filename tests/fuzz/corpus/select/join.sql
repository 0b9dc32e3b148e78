select count(*) from events a, events b, events c, events d, events e, events f, events g, events h, events i, events j, events k, events l
