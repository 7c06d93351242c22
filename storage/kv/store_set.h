// StoreSet: the stores that this program knows, by the name given with --store. Filled by
// register_all (storage/all.h) from storage/all.inc, so that a test or a tool can also hold a set
// with one store only. Thread: one, at start. Owns: the entries.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/kv/store.h"

namespace storage {

struct StoreOptions {
  std::string data_dir;  // the store's files live here; it exists
  // The store can promise nothing any more (a failed fsync, files replaced under it): the process
  // should log this and exit. Called once, from a thread of the store.
  std::function<void(const Error&)> on_fatal;
};

enum class Durability : uint8_t { process, disk };

struct StoreEntry {
  std::string_view name;
  Durability durable;
  std::function<StoreResult<std::unique_ptr<Store>>(Env&, const StoreOptions&)> open;
};

class StoreSet {
 public:
  void add(StoreEntry entry) { entries_.push_back(std::move(entry)); }
  const std::vector<StoreEntry>& entries() const { return entries_; }
  const StoreEntry* find(std::string_view name) const {
    for (const StoreEntry& entry : entries_) {
      if (entry.name == name) return &entry;
    }
    return nullptr;
  }

 private:
  std::vector<StoreEntry> entries_;
};

}  // namespace storage
