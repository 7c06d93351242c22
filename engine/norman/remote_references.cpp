#include "engine/norman/remote_references.h"

#include <optional>
#include <set>
#include <tuple>

#include "engine/norman/norman.h"

namespace engine {
namespace {

constexpr int kDepthMax = 12;

struct Reference {
  std::string field, type, id;
  bool operator<(const Reference& other) const {
    return std::tie(field, type, id) < std::tie(other.field, other.type, other.id);
  }
};

// The kinds that are asked for; those of workloads have rules of their own.
struct Known {
  std::string_view type, path;
  bool namespaced;
};
constexpr Known kKnown[] = {{"storageClass", "/apis/storage.k8s.io/v1/storageclasses/", false},
                            {"persistentVolume", "/api/v1/persistentvolumes/", false},
                            {"service", "services", true},
                            {"dnsRecord", "services", true},
                            {"certificate", "secrets", true}};

class Finder {
 public:
  explicit Finder(const SchemaSet& schemas) : schemas_(schemas) {}
  std::set<Reference> found;

  void object(const SchemaView& schema, const Json& value, int depth) {
    if (depth > kDepthMax || !value.is_object()) return;
    for (const Field& field : schema.fields())
      if (const Json* member = value.find(field.name))
        of_type(schema.path(), field.name, field.type, *member, depth);
  }

 private:
  void of_type(std::string_view path, const std::string& field, std::string_view text,
               const Json& value, int depth) {
    const TypeName type = split_type(text);
    if (type.is_reference()) {
      if (value.is_string() && !value.as_string().empty())
        found.insert({field, std::string(bare_type(type.inner)), value.as_string()});
    } else if (type.is_array() && value.is_array()) {
      for (const Json& item : value.as_array()) of_type(path, field, type.inner, item, depth + 1);
    } else if (type.inner.empty() && value.is_object()) {
      if (const SchemaView* nested = schemas_.any(path, type.outer))
        object(*nested, value, depth + 1);
    }
  }

  const SchemaSet& schemas_;
};

std::set<Reference> references_of(const Call& call, const Json& stored) {
  Json api = stored;
  call.norman.mapper().to_api(call.schema, api);
  Finder finder(call.norman.schemas());
  finder.object(call.schema, api, 0);
  return std::move(finder.found);
}

// Nothing to ask: a type with other rules, or of the project itself, whose things come from here.
std::optional<ClusterQuestion> question_of(const Call& call, const Reference& one) {
  const std::string project = call.context.substr(call.context.find(':') + 1);
  for (const Known& known : kKnown) {
    if (known.type != one.type) continue;
    const size_t colon = one.id.find(':');
    if (!known.namespaced)
      return ClusterQuestion{.target = std::string(known.path) + one.id,
                             .as = ClusterQuestion::As::server};
    if (colon == std::string::npos || one.id.substr(0, colon) == project) return std::nullopt;
    return ClusterQuestion{.target = "/api/v1/namespaces/" + one.id.substr(0, colon) + "/" +
                                     std::string(known.path) + "/" + one.id.substr(colon + 1)};
  }
  return std::nullopt;
}

void ask_next(Conversation& with, const std::shared_ptr<std::vector<Reference>>& left, Done done) {
  while (!left->empty()) {
    const Reference one = std::move(left->back());
    left->pop_back();
    auto question = question_of(with.call(), one);
    if (!question) continue;
    return with.ask(std::move(*question),
                    [&with, left, one, done = std::move(done)](const Result<Json>& there) {
                      if (there) return ask_next(with, left, done);
                      if (there.error().code() != 404 && there.error().code() != 403)
                        return done(there.error());
                      done(Status::field_error(422, "InvalidReference", one.field,
                                               "there is no " + one.type + " \"" + one.id + "\""));
                    });
  }
  done(Unit{});
}

}  // namespace

void check_remote_references(Conversation& with, const Json* old, const Json& now, Done done) {
  auto left = std::make_shared<std::vector<Reference>>();
  std::set<Reference> before;
  if (old) before = references_of(with.call(), *old);
  for (const Reference& one : references_of(with.call(), now))
    if (before.count(one) == 0) left->push_back(one);
  ask_next(with, left, std::move(done));
}

}  // namespace engine
