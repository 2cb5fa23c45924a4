"""The systems we measure ourselves against, each a program that serves on 127.0.0.1.

All take `--port --artifact --workers --threads` and answer `POST /v1/translate` as Dragoman does,
so that one load fits all. They run in environments of their own and import only what is in there.
"""
