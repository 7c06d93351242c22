#include "storage/kv/txn.h"

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <vector>

#include "storage/kv/errors.h"
#include "storage/kv/limits.h"

namespace storage {
namespace {

StoreResult<Unit> check_key(const std::string& key) {
  if (key.empty()) return Error{Reason::too_large, "a key needs at least one byte"};
  if (key.size() > kKeyBytesMax) {
    return too_large("bytes in a key", key.size(), kKeyBytesMax, key.substr(0, 64));
  }
  return Unit{};
}

bool has_repeated_key(const std::vector<Write>& writes) {
  if (writes.size() <= 8) {  // almost always: no allocation
    for (size_t i = 1; i < writes.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (writes[i].key == writes[j].key) return true;
      }
    }
    return false;
  }
  std::unordered_set<std::string_view> seen;
  for (const Write& write : writes) {
    if (!seen.insert(write.key).second) return true;
  }
  return false;
}

void keep_last_of_each_key(std::vector<Write>& writes) {
  std::vector<Write> kept;  // last first
  std::unordered_set<std::string> seen;
  for (auto it = writes.rbegin(); it != writes.rend(); ++it) {
    if (seen.insert(it->key).second) kept.push_back(std::move(*it));
  }
  std::reverse(kept.begin(), kept.end());
  writes = std::move(kept);
}

}  // namespace

size_t txn_bytes(const Txn& txn) {
  size_t bytes = 0;
  for (const Check& check : txn.checks) bytes += check.key.size();
  for (const Write& write : txn.writes) {
    bytes += write.key.size() + (write.value ? write.value->size() : 0);
  }
  return bytes;
}

StoreResult<Unit> prepare(Txn& txn) {
  if (txn.writes.size() > kTxnWritesMax) {
    return too_large("writes in a transaction", txn.writes.size(), kTxnWritesMax);
  }
  if (txn.checks.size() > kTxnChecksMax) {
    return too_large("checks in a transaction", txn.checks.size(), kTxnChecksMax);
  }
  for (const Check& check : txn.checks) TRY(check_key(check.key));
  for (const Write& write : txn.writes) {
    TRY(check_key(write.key));
    if (write.value && write.value->size() > kValueBytesMax) {
      return too_large("bytes in the value of " + write.key, write.value->size(), kValueBytesMax,
                       write.key);
    }
  }
  if (const size_t bytes = txn_bytes(txn); bytes > kTxnBytesMax) {
    return too_large("bytes in a transaction", bytes, kTxnBytesMax);
  }
  if (has_repeated_key(txn.writes)) keep_last_of_each_key(txn.writes);
  return Unit{};
}

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

std::string list_begin(const List& list) {
  std::string begin = list.after.empty() ? std::string() : list.after + '\0';
  return std::max(begin, list.prefix);
}

}  // namespace storage
