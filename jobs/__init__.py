"""The processes that do the work: what RQ may call, its worker, the embedded queue, the clock."""
