#include "engine/base/name_set.h"

#include <functional>

namespace engine {

std::string_view NameSet::at(uint32_t slot) const {
  const size_t place = slot - kFirst;
  const auto* size = reinterpret_cast<const unsigned char*>(texts_.data() + place);
  return std::string_view(texts_).substr(place + 2, size[0] | size[1] << 8);
}

size_t NameSet::find(std::string_view name) const {
  if (slots_.empty()) return kNowhere;
  name = name.substr(0, UINT16_MAX);
  const size_t mask = slots_.size() - 1;
  for (size_t i = std::hash<std::string_view>()(name) & mask; slots_[i] != kFree;
       i = (i + 1) & mask)
    if (slots_[i] != kGone && at(slots_[i]) == name) return i;
  return kNowhere;
}

void NameSet::put(std::string_view name) {
  const size_t mask = slots_.size() - 1;
  size_t i = std::hash<std::string_view>()(name) & mask;
  while (slots_[i] != kFree) i = (i + 1) & mask;
  slots_[i] = static_cast<uint32_t>(texts_.size()) + kFirst;
  texts_ += static_cast<char>(name.size() & 255);
  texts_ += static_cast<char>(name.size() >> 8);
  texts_ += name;
  ++live_;
  ++used_;
}

// Without what is gone, with room for half as much again.
void NameSet::rebuild() {
  NameSet now;
  size_t slots = 16;
  while (slots * 3 / 4 < live_ + live_ / 2 + 8) slots *= 2;
  now.slots_.assign(slots, kFree);
  now.texts_.reserve((texts_.size() - dead_bytes_) * 5 / 4 + 256);
  each([&](std::string_view name) { now.put(name); });
  *this = std::move(now);
}

bool NameSet::insert(std::string_view name) {
  if (contains(name)) return false;
  if (used_ + 1 > slots_.size() * 3 / 4 || dead_bytes_ > texts_.size() / 2 + 4096) rebuild();
  put(name.substr(0, UINT16_MAX));
  return true;
}

bool NameSet::erase(std::string_view name) {
  const size_t slot = find(name);
  if (slot == kNowhere) return false;
  dead_bytes_ += at(slots_[slot]).size() + 2;
  slots_[slot] = kGone;
  --live_;
  return true;
}

void NameSet::each(const std::function<void(std::string_view)>& visit) const {
  for (uint32_t slot : slots_)
    if (slot >= kFirst) visit(at(slot));
}

}  // namespace engine
