select * from log, part, customer, type, columns, sighting, refused, model, setting
