#include "engine/watch/object_tree.h"

#include <algorithm>

namespace engine {
namespace {

constexpr size_t kChunkMax = 128;

int compare(const CachedObject& a, std::string_view ns, std::string_view name) {
  return compare_keys(a.ns, a.name, ns, name);
}

}  // namespace

int compare_keys(std::string_view ns_a, std::string_view name_a, std::string_view ns_b,
                 std::string_view name_b) {
  if (ns_a == ns_b) return name_a.compare(name_b);
  size_t common = std::min(ns_a.size(), ns_b.size());
  if (int order = ns_a.substr(0, common).compare(ns_b.substr(0, common))) return order;
  // One is the beginning of the other: its '/' meets the other's next character.
  if (ns_a.size() == common)
    return static_cast<unsigned char>('/') < static_cast<unsigned char>(ns_b[common]) ? -1 : 1;
  return static_cast<unsigned char>(ns_a[common]) < static_cast<unsigned char>('/') ? -1 : 1;
}

ObjectTree::Root::Place ObjectTree::Root::lower(std::string_view ns, std::string_view name) const {
  auto chunk = std::partition_point(chunks.begin(), chunks.end(), [&](const auto& c) {
    return compare(*c->items.back(), ns, name) < 0;
  });
  if (chunk == chunks.end()) return end();
  const auto& items = (*chunk)->items;
  auto item = std::partition_point(items.begin(), items.end(),
                                   [&](const auto& o) { return compare(*o, ns, name) < 0; });
  return {static_cast<size_t>(chunk - chunks.begin()), static_cast<size_t>(item - items.begin())};
}

ObjectTree::Root::Place ObjectTree::Root::upper(std::string_view ns, std::string_view name) const {
  Place place = lower(ns, name);
  const ObjectPtr* object = at(place);
  if (object && compare(**object, ns, name) == 0) ++place.item;
  return place;
}

const ObjectPtr* ObjectTree::Root::at(Place& place) const {
  while (place.chunk < chunks.size() && place.item >= chunks[place.chunk]->items.size())
    place = {place.chunk + 1, 0};
  return place.chunk < chunks.size() ? &chunks[place.chunk]->items[place.item] : nullptr;
}

size_t ObjectTree::Root::count(Place from, Place to) const {
  size_t total = 0;
  for (size_t i = from.chunk; i < to.chunk && i < chunks.size(); ++i)
    total += chunks[i]->items.size();
  return total + to.item - from.item;
}

ObjectPtr ObjectTree::find(std::string_view ns, std::string_view name) const {
  auto found = by_key_.find(Key(ns, name));
  return found == by_key_.end() ? nullptr : *found;
}

void ObjectTree::fill(std::vector<ObjectPtr> objects) {
  by_key_.clear();
  by_key_.insert(objects.begin(), objects.end());
  auto root = std::make_shared<Root>();
  root->epoch = epoch_;
  root->size = objects.size();
  // Three quarters full, so that the first writes do not split every chunk.
  constexpr size_t kFill = kChunkMax * 3 / 4;
  for (size_t i = 0; i < objects.size(); i += kFill) {
    auto chunk = std::make_shared<Chunk>();
    chunk->epoch = epoch_;
    size_t end = std::min(objects.size(), i + kFill);
    chunk->items.assign(std::make_move_iterator(objects.begin() + static_cast<ptrdiff_t>(i)),
                        std::make_move_iterator(objects.begin() + static_cast<ptrdiff_t>(end)));
    root->chunks.push_back(std::move(chunk));
  }
  root_ = std::move(root);
}

ObjectTree::Root& ObjectTree::own_root() {
  if (root_->epoch != epoch_) {
    root_ = std::make_shared<Root>(*root_);
    root_->epoch = epoch_;
  }
  return *root_;
}

ObjectTree::Chunk& ObjectTree::own_chunk(size_t index) {
  auto& chunk = own_root().chunks[index];
  if (chunk->epoch != epoch_) {
    auto copy = std::make_shared<Chunk>();
    copy->epoch = epoch_;
    copy->items.reserve(chunk->items.size() + 1);
    copy->items = chunk->items;
    chunk = std::move(copy);
  }
  return *chunk;
}

void ObjectTree::put(ObjectPtr object) {
  auto place = root_->lower(object->ns, object->name);
  const ObjectPtr* there = root_->at(place);
  if (there && compare(**there, object->ns, object->name) == 0) {
    // The index refers to the old one's key, so it changes first.
    auto node = by_key_.extract(*there);
    node.value() = object;
    by_key_.insert(std::move(node));
    own_chunk(place.chunk).items[place.item] = std::move(object);
    return;
  }
  by_key_.insert(object);
  Root& root = own_root();
  ++root.size;
  if (root.chunks.empty()) {
    root.chunks.push_back(std::make_shared<Chunk>());
    root.chunks.back()->epoch = epoch_;
  }
  // Past the end goes into the last chunk, at its end.
  if (!there) place = {root.chunks.size() - 1, root.chunks.back()->items.size()};
  Chunk& chunk = own_chunk(place.chunk);
  chunk.items.insert(chunk.items.begin() + static_cast<ptrdiff_t>(place.item), std::move(object));
  if (chunk.items.size() <= kChunkMax) return;
  // In rising order (names with a counter) the left half stays nearly full.
  bool at_end = place.chunk + 1 == root.chunks.size() && place.item + 1 == chunk.items.size();
  auto middle = chunk.items.begin() + static_cast<ptrdiff_t>(at_end ? kChunkMax : kChunkMax / 2);
  auto right = std::make_shared<Chunk>();
  right->epoch = epoch_;
  right->items.assign(std::make_move_iterator(middle), std::make_move_iterator(chunk.items.end()));
  chunk.items.erase(middle, chunk.items.end());
  root.chunks.insert(root.chunks.begin() + static_cast<ptrdiff_t>(place.chunk) + 1,
                     std::move(right));
}

void ObjectTree::erase(std::string_view ns, std::string_view name) {
  auto place = root_->lower(ns, name);
  const ObjectPtr* there = root_->at(place);
  if (!there || compare(**there, ns, name) != 0) return;
  by_key_.erase(*there);
  Chunk& chunk = own_chunk(place.chunk);
  chunk.items.erase(chunk.items.begin() + static_cast<ptrdiff_t>(place.item));
  --root_->size;
  if (chunk.items.empty())
    root_->chunks.erase(root_->chunks.begin() + static_cast<ptrdiff_t>(place.chunk));
}

std::shared_ptr<const ObjectTree::Root> ObjectTree::snapshot() {
  ++epoch_;
  return root_;
}

}  // namespace engine
