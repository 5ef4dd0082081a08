"""Every table, so that one import fills the metadata."""

from broker.store import (
    access,
    audit,
    connector_calls,
    deciders,
    installation,
    orders,
    outbox,
    people,
    receipts,
    requests,
    sign_in,
    sync_runs,
)
from broker.store.base import Base

metadata = Base.metadata
SUBJECTS = (
    *(access, audit, connector_calls, deciders, installation, orders, outbox),
    *(people, receipts, requests, sign_in, sync_runs),
)
