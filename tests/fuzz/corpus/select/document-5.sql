select id, "properties.type", properties ->> '$.type' as the_same from events where type = 'purchase';
