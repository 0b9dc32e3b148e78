select 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab' like '%a%a%a%a%a%a%a%a%a%a%a%c', properties ->> '$.a[#-1].b' from events
