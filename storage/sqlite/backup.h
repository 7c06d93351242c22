// Backups and the verification of store files.
// Thread: any, each call with its own connection. Owns: nothing.
#pragma once

#include <cstdint>
#include <string>

#include "storage/kv/store.h"
#include "storage/sqlite/database.h"

namespace storage {

// Copies everything at one revision into a new file, beside running writes; verifies the copy,
// syncs it, and gives it its name last, so that a file of that name is a whole backup. Answers the
// revision.
StoreResult<Revision> back_up(Database& source, const std::string& path, int64_t newest_version);

struct FileReport {
  Revision current = 0;
  Revision compacted = 0;
  uint64_t rows = 0;
  uint64_t keys = 0;  // that are there at the newest revision
};

// Reads everything in a store file that nobody has open: every page, every value, every index. An
// error names the place. For `doctor`, for backups and before a restore.
StoreResult<FileReport> verify_file(const std::string& path, int64_t newest_version);
StoreResult<FileReport> verify_file(const std::string& path);  // up to what this program knows

}  // namespace storage
