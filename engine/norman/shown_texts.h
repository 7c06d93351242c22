// ShownTexts: stored objects as clients are shown them, encoded once: the JSON of an object stays
// until the object changes, for as many readers as have the same rights to it. Only types whose
// look depends on nothing else (Type::is_shown_as_stored) are kept here. Bounded: the oldest leave.
// Thread: any. Owns: the texts, and the bytes that they were made from.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/registry/registry.h"

namespace engine {

// Of the texts and of what they were made from.
inline constexpr size_t kShownTextsBytesMax = 24u << 20;

class ShownTexts {
 public:
  using Text = std::shared_ptr<const std::string>;
  explicit ShownTexts(size_t bytes_max) : bytes_max_(bytes_max) {}

  struct Wanted {
    std::string_view ns, name;
    Bytes bytes;         // as it is stored now
    uint8_t rights = 0;  // bits that change what is shown
    uint64_t with = 0;   // Type::shown_with
    Text text = {};      // found, or made by the caller for keep()
  };
  // `place` is what all of them have in common: the schema, the context, the base of links.
  void find(std::string_view place, std::vector<Wanted>& wanted);
  void keep(std::string_view place, const std::vector<Wanted>& made);
  size_t bytes() const;

 private:
  struct Entry {
    Bytes bytes = {};
    uint8_t rights = 0;
    uint64_t with = 0;
    Text text = {};
    size_t size() const { return text ? text->size() + bytes->size() : 0; }
  };
  using Entries = std::unordered_map<std::string, Entry>;
  static void key_of(std::string_view place, const Wanted& one, std::string& key);
  void make_room();

  const size_t bytes_max_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::deque<const std::string*> order_;  // keys of entries_, the oldest first
  size_t bytes_ = 0;
};

}  // namespace engine
