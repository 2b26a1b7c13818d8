"""Small tables for the contract of Database, which knows none of its own."""

from sqlalchemy import Column, Integer, MetaData, String, Table

tables = MetaData()
things = Table("things", tables, Column("id", Integer, primary_key=True), Column("name", String(50), unique=True))
counters = Table("counters", tables, Column("id", Integer, primary_key=True), Column("value", Integer, nullable=False))
