#!/usr/bin/env python3
"""reader.py FILE: prints every event of a data file in the order of customer, time and message
id, one call in Segment's form a line. Written from docs/format.md alone, without Ciclo's code."""
import ctypes, json, sqlite3, sys
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate, count

zstd, xxhash = ctypes.CDLL('libzstd.so.1'), ctypes.CDLL('libxxhash.so.0')
zstd.ZSTD_getFrameContentSize.restype = xxhash.XXH3_64bits.restype = ctypes.c_uint64
TIMES, TYPES, IDS, COLUMNS = -1, -2, -3, -4


def unpack(codec, packed, checksum):
    """The bytes of a row: [F1], [F2]."""
    n = ctypes.c_size_t(len(packed))
    size = zstd.ZSTD_getFrameContentSize(packed, n)
    if codec != 1 or xxhash.XXH3_64bits(packed, n) != checksum % 2**64 or size > 2**30:
        sys.exit('a row is damaged')
    to = ctypes.create_string_buffer(max(size, 1))
    zstd.ZSTD_decompress(to, ctypes.c_size_t(size), packed, n)
    return to.raw[:size]


class Bytes:
    """What rows are made of, read from the first byte to the last."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self):
        end = next(at for at in count(self.at) if self.data[at] < 128)
        low_first = self.take(end + 1 - self.at)
        return sum((byte & 127) << 7 * i for i, byte in enumerate(low_first))

    def signed(self):
        return (n := self.number()) >> 1 ^ -(n & 1)

    def numbers(self, n):
        return [self.number() for _ in range(n)]

    def steps(self, n):
        return list(accumulate(self.signed() for _ in range(n)))

    def take(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def texts(self, n):
        return [self.take(size).decode() for size in self.numbers(n)]

    def values(self, kind, n):
        """n values of one column; of a text nothing, of a list its length."""
        if kind == 'number':
            return [Decimal(self.signed()).scaleb(-6) for _ in range(n)]
        if kind == 'bool':
            return [number == 1 for number in self.numbers(n)]
        return self.numbers(n) if kind == 'list' else [None] * n

    def column(self, kind):
        """The places of a part's events, and their values."""
        places = list(accumulate(self.numbers(self.number())))
        values = self.values(kind, len(places))
        if kind in ('text', 'list'):
            words = self.texts(self.number())
            values = [[words[place] for place in self.numbers(n or 1)] if n != 0 else []
                      for n in values]
        return zip(places, [value[0] for value in values] if kind == 'text' else values)


def show(value):
    """As JSON; numbers with all their digits."""
    if isinstance(value, Decimal):
        return f'{value.normalize():f}'
    if isinstance(value, dict):
        return '{' + ','.join(f'{show(k)}:{show(v)}' for k, v in value.items()) + '}'
    return json.dumps(value, ensure_ascii=False, separators=(',', ':'))


def line(customer, kind, moment, message, properties, traits):
    """An event; its properties and traits in the order of their names."""
    at = datetime(1970, 1, 1) + timedelta(milliseconds=moment)
    call = {'type': kind} if kind == 'identify' else {'type': 'track', 'event': kind}
    call |= {'userId': customer, 'messageId': message,
             'timestamp': at.isoformat(timespec='milliseconds') + 'Z'}
    for name, values in ('properties', properties), ('traits', traits):
        call |= {name: dict(sorted(values.items()))} if values else {}
    return show(call)


class File:
    """An event is here [customer, type, moment, message id, (properties, traits)]."""

    def __init__(self, path):
        db = sqlite3.connect(f'file:{path}?mode=ro', uri=True)
        self.rows = lambda query, *values: db.execute(query, values).fetchall()
        self.customers = self.rows('select id from customer order by number')
        self.types = self.rows('select name from type order by number')
        self.columns = self.rows('select name, trait, type from columns order by number')
        [[self.size]] = self.rows("select value from setting where name = 'chunk_customers'")
        self.folded = dict(self.rows('select number, folded_seq from chunk'))

    def chunk(self, chunk):
        parts = {row[0]: Bytes(unpack(*row[1:])) for row in self.rows(
            'select "column", codec, bytes, checksum from part where chunk = ?', chunk)}
        if not parts:
            return []
        times, rare, first, moments = parts[TIMES], parts[COLUMNS], 0, []
        counts = times.numbers(times.numbers(2)[0])
        for n in counts:
            for k in range(n):
                moments.append(moments[-1] + times.number() if k else first + times.signed())
                first = first if k else moments[-1]
        customers = [chunk * self.size + i for i, n in enumerate(counts) for _ in range(n)]
        events = [[*event, ({}, {})] for event in zip(
            customers, parts[TYPES].numbers(len(moments)), moments, parts[IDS].texts(len(moments)))]
        heads = rare.numbers(2 * rare.number())
        parts |= {column: Bytes(rare.take(n)) for column, n in zip(heads[::2], heads[1::2]) if n}
        for column in [column for column in parts if column >= 0]:
            name, trait, kind = self.columns[column]
            for place, value in parts[column].column(kind):
                events[place][4][trait][name] = value
        return events

    def news(self):
        """The events that are in no part yet, each with its batch; and of whom which batch says
        that what was brought before is not his any more."""
        events, gone = [], {}
        for seq, *row in self.rows('select seq, codec, bytes, checksum from news order by seq'):
            b = Bytes(unpack(*row))
            n = b.number()
            brought = [[*event, ({}, {})] for event in zip(
                b.steps(n), b.numbers(n), b.steps(n), b.texts(n))]
            owners = [event for event, m in zip(brought, b.numbers(n)) for _ in range(m)]
            columns = [self.columns[number] for number in b.numbers(len(owners))]
            values = [b.values(kind, 1)[0] for _, _, kind in columns]
            sizes = [{'text': 1, 'list': n}.get(kind, 0) for (*_, kind), n in zip(columns, values)]
            texts = iter(b.texts(sum(sizes)))
            for event, (name, trait, kind), value, size in zip(owners, columns, values, sizes):
                found = [next(texts) for _ in range(size)]
                event[4][trait][name] = {'text': found[:1], 'list': [found]}.get(kind, [value])[0]
            b.numbers(3 * b.number())  # who brought them, and which were told before
            customers = accumulate(b.numbers(2 * b.number())[::2])
            unfolded = lambda customer: seq > self.folded.get(customer // self.size, 0)
            gone |= {customer: seq for customer in customers if unfolded(customer)}
            events += [(seq, event) for event in brought if unfolded(event[0])]
        return events, gone

    def lines(self):
        news, gone = self.news()
        events = [event for seq, event in news if seq >= gone.get(event[0], seq)]
        events += [event for chunk in self.folded for event in self.chunk(chunk)
                   if event[0] not in gone]
        events.sort(key=lambda event: (event[0], event[2], event[3].encode()))
        for customer, kind, moment, message, values in events:
            yield line(*self.customers[customer], *self.types[kind], moment, message, *values)


if __name__ == '__main__':
    for text in File(sys.argv[1]).lines():
        print(text)
