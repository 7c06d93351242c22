// Links of objects, and the documents that describe the API itself: roots and schemas. Facts have
// links without a host; here they get the caller's. Thread: any. Owns: what was worked out for each
// type once.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "engine/base/http.h"
#include "engine/norman/schema_view.h"
#include "engine/norman/target.h"

namespace engine {

struct ObjectPlace {
  std::string base;     // https://HOST
  std::string context;  // cluster or project id, or empty
  std::string id;
  bool update = false;
  bool remove = false;
};

// What an object of a type links to, but for its host and id: HOST + before + ID + after.
struct LinkPlan {
  struct Link {
    std::string name, before, after;
  };
  std::string collection;  // /v3/users/
  std::vector<Link> links;
};

class LinkPlans {
 public:
  explicit LinkPlans(const SchemaSet& schemas) : schemas_(schemas) {}
  const LinkPlan& of(const SchemaView& schema) const;
  // self, update, remove, one per collection that refers to the object, and for clusters and
  // projects one per collection in them.
  Json links(const SchemaView& schema, const ObjectPlace& place) const;
  std::string self(const SchemaView& schema, const ObjectPlace& place) const;
  // Whether objects of the type link to themselves as YAML.
  static bool exports(const SchemaView& schema);

 private:
  const SchemaSet& schemas_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<const SchemaView*, std::unique_ptr<LinkPlan>> known_;
};

// The documents at a root, at /schemas and at /schemas/NAME. A list of all schemas is made once for
// each surface, and anew when they have changed; a request copies its bytes and puts its host in.
class Descriptions {
 public:
  explicit Descriptions(const SchemaSet& schemas) : schemas_(schemas) {}
  Response describe(const Target& target, const std::string& base) const;
  // Where the surfaces begin: /meta/apiroots.
  Response roots(const std::string& base) const;

 private:
  struct Template;
  std::shared_ptr<const Template> all_of(const std::string& path) const;

  const SchemaSet& schemas_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, std::shared_ptr<const Template>> known_;
};

}  // namespace engine
