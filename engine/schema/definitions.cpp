#include "engine/schema/definitions.h"

#include <map>
#include <mutex>

#include "engine/schema/node.h"

namespace engine {

namespace {

// The last two words: io.k8s.api.core.v1.PodSpec is v1.PodSpec in Go.
std::string go_name(std::string_view name) {
  size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::string(name);
  dot = name.rfind('.', dot - 1);
  return std::string(dot == std::string_view::npos ? name : name.substr(dot + 1));
}

class LazyDefinitions final : public Definitions,
                              public std::enable_shared_from_this<LazyDefinitions> {
 public:
  explicit LazyDefinitions(std::shared_ptr<const DefinitionSource> source)
      : source_(std::move(source)) {}

  std::shared_ptr<const SchemaNode> root(std::string_view name) const override {
    const Node* found = node(name);
    if (found == nullptr) return nullptr;
    return std::shared_ptr<const SchemaNode>(shared_from_this(), found);
  }

  const Node* node(std::string_view name) const override {
    std::lock_guard lock(mutex_);
    auto found = nodes_.find(name);
    if (found != nodes_.end()) return found->second.get();
    auto text = source_->definition(name);
    if (!text) return nullptr;
    auto parsed = parse_json(*text);
    if (!parsed) return nullptr;
    NodePtr made = compile(*parsed, {.mode = Mode::openapi, .definitions = this});
    made->go_name = go_name(name);
    made->quantity = name == "io.k8s.apimachinery.pkg.api.resource.Quantity";
    return nodes_.emplace(std::string(name), std::move(made)).first->second.get();
  }

  const DefinitionSource& source() const override { return *source_; }

 private:
  std::shared_ptr<const DefinitionSource> source_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, NodePtr, std::less<>> nodes_;
};

}  // namespace

std::shared_ptr<const Definitions> Definitions::over(
    std::shared_ptr<const DefinitionSource> source) {
  return std::make_shared<LazyDefinitions>(std::move(source));
}

}  // namespace engine
