"""leavers.py CUSTOMERS SEED [--hint]: a year and a half of a shop as CSV, in which who asks for help often leaves
soon after. With --hint the file says on its last day of everybody whether he has left: nobody can know it before."""
import random
import sys
from datetime import datetime, timedelta

customers, chance = int(sys.argv[1]), random.Random(int(sys.argv[2]))
days, begin = 540, datetime(2024, 1, 1)


def put(customer, day, event, revenue="", left=""):
    at = (begin + timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")
    print(f"c{customer},{at},{event},{revenue},{left}")


print("customer,at,event,revenue,left")
for c in range(customers):
    rate, unhappy = chance.gammavariate(2, .02), chance.random() < .4
    day = chance.uniform(0, 400)
    end = day + chance.expovariate(1 / (90 if unhappy else 600))
    while day < min(end, days):
        put(c, day, "purchase", f"{chance.uniform(5, 80):.2f}")
        day += chance.expovariate(rate)
    for _ in range(2 if unhappy else chance.random() < .1):
        asked = end - chance.uniform(0, 60)
        if 0 < asked < days:
            put(c, asked, "ticket_opened")
    if "--hint" in sys.argv:
        put(c, days - .01, "told", left=int(end < days))
