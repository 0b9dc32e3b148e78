#!/usr/bin/env python3
"""inside.py FILE TEXT...: how often the texts stand in a data file and in what stands beside it: in
any byte as it is, and in what any row packs."""
import ctypes, glob, sqlite3, sys

zstd = ctypes.CDLL('libzstd.so.1')
zstd.ZSTD_getFrameContentSize.restype = ctypes.c_uint64


def unpacked(packed):
    n = ctypes.c_size_t(len(packed))
    size = zstd.ZSTD_getFrameContentSize(packed, n)
    if size > 2**30:
        return b''
    to = ctypes.create_string_buffer(max(size, 1))
    zstd.ZSTD_decompress(to, ctypes.c_size_t(size), packed, n)
    return to.raw[:size]


def pieces(path):
    """All bytes there are, each with the name of where they stand."""
    for name in glob.glob(path + '*'):
        with open(name, 'rb') as file:
            yield name, file.read()
    file = sqlite3.connect(path)
    for (table,) in file.execute("select name from sqlite_schema where type = 'table'").fetchall():
        for row in file.execute(f'select * from "{table}"'):
            for value in row:
                if isinstance(value, bytes):
                    yield table, value
                    yield table, unpacked(value)
                elif isinstance(value, str):
                    yield table, value.encode()
    file.close()


if __name__ == '__main__':
    texts = [text.encode() for text in sys.argv[2:]]
    print(sum(piece.count(text) for _, piece in pieces(sys.argv[1]) for text in texts))
