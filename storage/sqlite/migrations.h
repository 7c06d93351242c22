// The tables and how they change from one version of the program to the next. A migration is one
// transaction; a file that a newer program made is refused and left as it is; before a file with
// data is migrated, a copy is put beside it. Thread: one, at open. Owns: nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "storage/kv/store.h"
#include "storage/sqlite/database.h"

namespace storage {

constexpr int64_t kApplicationId = 0x5061646b;  // "Padk", at byte 68 of the file

struct Migration {
  const char* what;
  const char* sql;  // leads from the version that is its index to the next
};

std::span<const Migration> all_migrations();

enum class FileState : uint8_t { absent, ours };
// Reads the first bytes without SQLite, so that a file that is not a store, or that a newer program
// made, is refused before anything could touch it.
StoreResult<FileState> probe(const std::string& path, int64_t newest_version);

// Brings the open file to the newest version.
StoreResult<Unit> migrate(Database& database, std::span<const Migration> migrations);

}  // namespace storage
