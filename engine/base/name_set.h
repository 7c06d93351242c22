// NameSet: a set of short texts in one block of memory, for sets that are as large as a kind has
// objects: some ten bytes a name beside its letters, where a node of a std::set takes eighty.
// Thread: one at a time. Owns: its texts.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

class NameSet {
 public:
  // False: it was there already. The first 64 KiB of a name count; all together are at most 4 GiB.
  bool insert(std::string_view name);
  bool erase(std::string_view name);  // false: it was not there
  bool contains(std::string_view name) const { return find(name) != kNowhere; }
  size_t size() const { return live_; }
  // In no order; `visit` may not change the set.
  void each(const std::function<void(std::string_view name)>& visit) const;
  size_t bytes() const { return slots_.capacity() * sizeof(uint32_t) + texts_.capacity(); }

 private:
  static constexpr uint32_t kFree = 0, kGone = 1, kFirst = 2;  // of a slot; then places in texts_
  static constexpr size_t kNowhere = SIZE_MAX;
  std::string_view at(uint32_t slot) const;
  size_t find(std::string_view name) const;
  void rebuild();
  void put(std::string_view name);

  std::vector<uint32_t> slots_;  // a power of two of them, found by hash
  std::string texts_;            // two bytes of length, then the text
  size_t live_ = 0;
  size_t used_ = 0;        // slots that are not free
  size_t dead_bytes_ = 0;  // of texts_
};

}  // namespace engine
