// The step of peers.db that brings letters: queues, the last number of each series that was heard,
// and what is held until it is shown.
#pragma once

namespace culver::store::sqlite {

inline constexpr const char* outbox_tables =
    "CREATE TABLE letter (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " peer BLOB NOT NULL CHECK (length(peer) = 32),"
    " series BLOB NOT NULL CHECK (length(series) = 16), number INTEGER NOT NULL CHECK (number > 0),"
    " written INTEGER NOT NULL, text BLOB NOT NULL, UNIQUE (peer, series, number));"
    "CREATE INDEX letter_in_queue ON letter (peer, id);"
    "CREATE TABLE heard (peer BLOB NOT NULL CHECK (length(peer) = 32),"
    " series BLOB NOT NULL CHECK (length(series) = 16), last INTEGER NOT NULL CHECK (last > 0),"
    " used INTEGER NOT NULL, PRIMARY KEY (peer, series)) WITHOUT ROWID;"
    "CREATE TABLE held (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " peer BLOB NOT NULL CHECK (length(peer) = 32),"
    " series BLOB NOT NULL CHECK (length(series) = 16), number INTEGER NOT NULL CHECK (number > 0),"
    " written INTEGER NOT NULL, text BLOB NOT NULL, keeper INTEGER NOT NULL)";

}  // namespace culver::store::sqlite
