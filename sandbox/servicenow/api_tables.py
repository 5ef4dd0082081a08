"""The tables that the APIs beside the Table API keep their things in."""

from __future__ import annotations

from sandbox.servicenow.schema import Column, Table, columns_of, make_table

API_TABLES: list[Table] = [
    make_table(
        "sys_attachment",
        "Attachment",
        [
            *columns_of(
                "string",
                "file_name table_name table_sys_id content_type hash state average_image_color",
            ),
            *columns_of("integer", "size_bytes size_compressed chunk_size_bytes"),
            *columns_of("integer", "image_width image_height"),
            Column("compressed", "boolean", default="false"),
        ],
        display="file_name",
    ),
]
