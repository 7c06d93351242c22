// Small helpers of the SqliteStore tests.
// Thread: one. Owns: nothing.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_all.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "storage/sqlite/sqlite_store.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thread_env.h"

namespace tests {

using namespace storage;

inline Txn put(std::string key, std::string value) {
  return {{}, {{std::move(key), std::move(value)}}};
}
inline Txn remove(std::string key) {
  return {{}, {{std::move(key), std::nullopt}}};
}

inline std::unique_ptr<SqliteStore> must_open(Env& env, SqliteOptions options) {
  auto store = SqliteStore::open(env, std::move(options));
  INFO((store ? std::string() : store.error().message));
  REQUIRE(store);
  return std::move(*store);
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

using Contents = std::map<std::string, std::string>;

inline Contents contents_of(const Page& page) {
  Contents contents;
  for (const Record& record : page.records) contents[record.key] = record.value;
  return contents;
}

}  // namespace tests
