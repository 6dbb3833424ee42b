"""Columns of the ledgers and of the quarantine: where each row came from and what became of it."""

from contracts.contract import Column

COLUMNS = (
    Column("file_id", "VARCHAR", "First 16 hex digits of the file's SHA-256: which file a row came from."),
    Column(
        "record_number", "BIGINT", "Number of the record in its file, from 1; empty for derived rows.", unit="count"
    ),
    Column("row_hash", "VARCHAR", "MD5 of the row's contract columns: tells a re-sent row from a changed one."),
    Column("file_name", "VARCHAR", "Name of the landing file, below the source's folder."),
    Column("landing_table", "VARCHAR", "Name under which mapping files read the landing file."),
    Column("file_format", "VARCHAR", "csv, jsonl or parquet."),
    Column("file_encoding", "VARCHAR", "Text encoding found or declared."),
    Column("bytes_count", "BIGINT", "Size of the landing file.", unit="bytes"),
    Column("records_counted", "BIGINT", "Records counted in the file by a second parser.", unit="count"),
    Column("rows_staged", "BIGINT", "Rows that reached staging.", unit="count"),
    Column("rows_rejected", "BIGINT", "Records that are not well-formed.", unit="count"),
    Column("rows_loaded", "BIGINT", "Rows with a new key.", unit="count"),
    Column("rows_updated", "BIGINT", "Rows with a known key and new content.", unit="count"),
    Column("rows_duplicate", "BIGINT", "Rows that were there already, word for word.", unit="count"),
    Column("rows_excluded", "BIGINT", "Rows that the mapping leaves out, with a reason.", unit="count"),
    Column("rows_quarantined", "BIGINT", "Rows that break the contract.", unit="count"),
    Column("fingerprint", "VARCHAR", "Hash of the file, its lookups, the mapping and the contract version."),
    Column("received_at", "TIMESTAMP", "When the run read its files.", unit="UTC"),
    Column("contract", "VARCHAR", "Name of the source contract."),
    Column("table_name", "VARCHAR", "A table made by SQL, as layer.name."),
    Column("moved_id", "VARCHAR", "Id of an order, feedback, redemption or contacted user that changed its date."),
    Column("contract_version", "INTEGER", "Version of the contract's rules."),
    Column("reason", "VARCHAR", "Why a row was refused or left out, or a step is empty."),
    Column("rows_count", "BIGINT", "Number of rows.", unit="count"),
    Column("byte_offset", "BIGINT", "Where the record begins in the file.", unit="bytes"),
    Column("raw_text", "VARCHAR", "The record as it came, direct identifiers masked.", privacy="free_text"),
    Column("column_name", "VARCHAR", "Name of a column in a landing file."),
    Column("notice", "VARCHAR", "What the run noticed about a file: new column, identifier dropped, missing column."),
    Column("setting", "VARCHAR", "Name of a thing the home remembers (mapping, time zone, currency, training anchor)."),
    Column("value", "VARCHAR", "Its value."),
)
