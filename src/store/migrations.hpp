#pragma once
// Numbered, forward-only changes of the schema: src/store/migrations/NNNN_name.sql, embedded.
//
// The files are SQL of both engines, with these words replaced for the engine at hand:
//   @ID@      a self-numbering 64-bit primary key, the whole column type: "id @ID@,"; never reused
//   @INT@     a 64-bit integer
//   @BLOB@    bytes
//   @REAL@    a double
//   @STRICT@  STRICT (SQLite) or nothing
// A released migration is never edited; a change is a new file.

#include "store/database.hpp"

namespace patchmill::store {

// Brings the schema up to date, each migration in one transaction. Safe when several processes
// start at once. Throws DatabaseError when the store is newer than this program.
void migrate(Database& database);
// The number of the newest migration this program knows.
int newest_schema();
// The number of the newest migration applied to this store; 0 for an empty one.
int schema_of(Database& database);

}  // namespace patchmill::store
