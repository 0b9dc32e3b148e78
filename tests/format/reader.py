#!/usr/bin/env python3
"""reader.py FILE: prints every event of a data file in the order of customer, time and message
id, one call in Segment's form a line. Written from docs/format.md alone, without Ciclo's code."""
import ctypes, json, sqlite3, sys
from datetime import datetime, timedelta
from decimal import Decimal

zstd, xxhash = ctypes.CDLL('libzstd.so.1'), ctypes.CDLL('libxxhash.so.0')
zstd.ZSTD_getFrameContentSize.restype = ctypes.c_uint64
zstd.ZSTD_decompress.restype = ctypes.c_size_t
xxhash.XXH3_64bits.restype = ctypes.c_uint64
TIMES, TYPES, IDS, COLUMNS = -1, -2, -3, -4


def unpack(codec, packed, checksum):
    """The bytes of a row: [F1], [F2]."""
    if xxhash.XXH3_64bits(packed, ctypes.c_size_t(len(packed))) != checksum % 2**64:
        sys.exit('a checksum is wrong')
    if codec != 1:
        sys.exit('a codec is unknown')
    size = zstd.ZSTD_getFrameContentSize(packed, ctypes.c_size_t(len(packed)))
    to = ctypes.create_string_buffer(max(size, 1))
    if zstd.ZSTD_decompress(to, ctypes.c_size_t(size), packed, ctypes.c_size_t(len(packed))) != size:
        sys.exit('a frame is broken')
    return to.raw[:size]


class Bytes:
    """Reads what a part is made of, from its first byte to its last."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self):
        n = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return n

    def signed(self):
        n = self.number()
        return -(n + 1) // 2 if n & 1 else n // 2

    def numbers(self, n):
        return [self.number() for _ in range(n)]

    def take(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def texts(self, n):
        return [self.take(size).decode() for size in self.numbers(n)]

    def value_list(self, kind, n):
        """n values of a column of this type."""
        if kind == 'null':
            return [None] * n
        if kind == 'bool':
            return [number == 1 for number in self.numbers(n)]
        if kind == 'number':
            return [Decimal(self.signed()).scaleb(-6) for _ in range(n)]
        sizes = self.numbers(n) if kind == 'list' else None
        words = self.texts(self.number())
        if kind == 'text':
            return [words[place] for place in self.numbers(n)]
        return [[words[place] for place in self.numbers(size)] for size in sizes]


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
    call = {'type': 'track', 'event': kind} if kind != 'identify' else {'type': kind}
    call |= {'userId': customer, 'messageId': message,
             'timestamp': at.isoformat(timespec='milliseconds') + 'Z'}
    if properties:
        call['properties'] = dict(sorted(properties.items()))
    if traits:
        call['traits'] = dict(sorted(traits.items()))
    return show(call)


class Event:
    def __init__(self, moment, kind, message):
        self.moment, self.kind, self.message = moment, kind, message
        self.values = [{}, {}]  # of properties, of traits


class File:
    def __init__(self, path):
        self.db = sqlite3.connect(f'file:{path}?mode=ro', uri=True)
        self.customers = self.names('customer', 'id')
        self.types = self.names('type', 'name')
        self.columns = self.db.execute(
            'select name, trait, type from columns order by number').fetchall()
        [[self.chunk_customers]] = self.db.execute(
            "select value from setting where name = 'chunk_customers'")

    def names(self, table, column):
        return [name for [name] in self.db.execute(f'select {column} from {table} order by number')]

    def part(self, column, chunk):
        for row in self.db.execute('select codec, bytes, checksum from part '
                                   'where "column" = ? and chunk = ?', (column, chunk)):
            return Bytes(unpack(*row))

    def chunk(self, chunk):
        """The events of each of a chunk's customers."""
        times = self.part(TIMES, chunk)
        customer_n, event_n = times.numbers(2)
        counts, moments, first = times.numbers(customer_n), [], 0
        for count in counts:
            for i in range(count):
                moments.append(moments[-1] + times.number() if i else first + times.signed())
                if not i:
                    first = moments[-1]
        kinds = self.part(TYPES, chunk).numbers(event_n)
        messages = self.part(IDS, chunk).texts(event_n)
        events = [Event(*one) for one in zip(moments, kinds, messages)]
        for number, data in self.columns_of(chunk):
            self.column(events, number, data)
        at = iter(events)
        return [[next(at) for _ in range(count)] for count in counts]

    def columns_of(self, chunk):
        """[F9]; format 1 had every column in a part of its own."""
        columns = self.part(COLUMNS, chunk)
        if not columns:
            return [(number, self.part(number, chunk)) for number, in self.db.execute(
                'select "column" from part where chunk = ? and "column" >= 0', (chunk,)).fetchall()]
        heads = columns.numbers(2 * columns.number())
        return [(number, Bytes(columns.take(n)) if n else self.part(number, chunk))
                for number, n in zip(heads[::2], heads[1::2])]

    def column(self, events, number, data):
        name, trait, kind = self.columns[number]
        n, place = data.number(), 0
        places = []
        for step in data.numbers(n):
            place += step
            places.append(place)
        for place, value in zip(places, data.value_list(kind, n)):
            events[place].values[trait][name] = value

    def lines(self):
        for chunk in range(-(-len(self.customers) // self.chunk_customers)):
            for i, events in enumerate(self.chunk(chunk)):
                for e in events:
                    yield line(self.customers[chunk * self.chunk_customers + i],
                               self.types[e.kind], e.moment, e.message, *e.values)


if __name__ == '__main__':
    for text in File(sys.argv[1]).lines():
        print(text)
