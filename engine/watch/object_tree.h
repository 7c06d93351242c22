// ObjectTree: the live objects of one resource in key order, as two levels of shared chunks.
// Taking a snapshot costs nothing; the first write to a chunk after it copies that chunk, so
// readers walk a snapshot without a lock while the writer goes on. Single objects are found by
// hash. Thread: one writer, which find() counts as; a Root any. Owns: its chunks, shared with
// snapshots.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/watch/watch_cache.h"

namespace engine {

using ObjectPtr = std::shared_ptr<const CachedObject>;

// The order of store keys: as if "ns/name" were one text ("a-b/x" comes before "a/x").
int compare_keys(std::string_view ns_a, std::string_view name_a, std::string_view ns_b,
                 std::string_view name_b);

class ObjectTree {
 public:
  struct Chunk {
    uint64_t epoch = 0;
    std::vector<ObjectPtr> items;  // in order, at least one
  };
  struct Root {
    uint64_t epoch = 0;
    std::vector<std::shared_ptr<Chunk>> chunks;
    size_t size = 0;

    // A place between objects: items before it are smaller.
    struct Place {
      size_t chunk = 0, item = 0;
    };
    Place lower(std::string_view ns, std::string_view name) const;  // first not smaller
    Place upper(std::string_view ns, std::string_view name) const;  // first greater
    Place end() const { return {chunks.size(), 0}; }
    const ObjectPtr* at(Place& place) const;  // null at the end; moves to the next chunk if need be
    size_t count(Place from, Place to) const;
  };

  ObjectTree() : root_(std::make_shared<Root>()) {}
  // At once, from objects already in order.
  void fill(std::vector<ObjectPtr> objects);
  void put(ObjectPtr object);  // the one with the same key is replaced
  void erase(std::string_view ns, std::string_view name);
  ObjectPtr find(std::string_view ns, std::string_view name) const;  // null when absent
  const Root& root() const { return *root_; }
  std::shared_ptr<const Root> snapshot();

 private:
  // Namespace and name, of an object or as asked for.
  using Key = std::pair<std::string_view, std::string_view>;
  static Key key_of(const Key& key) { return key; }
  static Key key_of(const ObjectPtr& object) { return {object->ns, object->name}; }
  struct Hash {
    using is_transparent = void;
    template <class T>
    size_t operator()(const T& of) const {
      auto [ns, name] = key_of(of);
      std::hash<std::string_view> hash;
      return hash(ns) * 31 + hash(name);
    }
  };
  struct Same {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return key_of(a) == key_of(b);
    }
  };

  Root& own_root();
  Chunk& own_chunk(size_t index);

  std::shared_ptr<Root> root_;
  std::unordered_set<ObjectPtr, Hash, Same> by_key_;
  uint64_t epoch_ = 0;  // raised by each snapshot; what is older is shared and must be copied
};

}  // namespace engine
