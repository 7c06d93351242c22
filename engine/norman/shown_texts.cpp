#include "engine/norman/shown_texts.h"

namespace engine {

void ShownTexts::key_of(std::string_view place, const Wanted& one, std::string& key) {
  key.assign(place);
  key.append("\n").append(one.ns).append("\n").append(one.name);
}

void ShownTexts::find(std::string_view place, std::vector<Wanted>& wanted) {
  std::string key;
  std::lock_guard lock(mutex_);
  for (Wanted& one : wanted) {
    key_of(place, one, key);
    auto found = entries_.find(key);
    if (found == entries_.end()) continue;
    const Entry& entry = found->second;
    // The bytes are held here: the same address is the same object.
    if (entry.bytes == one.bytes && entry.rights == one.rights && entry.with == one.with)
      one.text = entry.text;
  }
}

void ShownTexts::keep(std::string_view place, const std::vector<Wanted>& made) {
  std::string key;
  std::lock_guard lock(mutex_);
  for (const Wanted& one : made) {
    key_of(place, one, key);
    auto [at, fresh] = entries_.try_emplace(key);
    if (fresh) order_.push_back(&at->first);
    Entry& entry = at->second;
    bytes_ -= entry.size();
    entry = {one.bytes, one.rights, one.with, one.text};
    bytes_ += entry.size();
  }
  make_room();
}

void ShownTexts::make_room() {
  while (bytes_ > bytes_max_ && !order_.empty()) {
    auto oldest = entries_.find(*order_.front());
    order_.pop_front();
    bytes_ -= oldest->second.size();
    entries_.erase(oldest);
  }
}

size_t ShownTexts::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace engine
