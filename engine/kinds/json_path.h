// JsonPath: the subset of Kubernetes' JSONPath that printer columns and selectable fields use:
// .a.b, ['a'], [0], [-1], [*], .*, ..name,
// [?(@.type=="Ready")] with == != < <= > >=, several results. Braces and a leading $ are taken.
// Thread: immutable; any. Owns: its steps. Source: k8s.io/client-go util/jsonpath.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace engine {

class JsonPath {
 public:
  static Result<JsonPath> parse(std::string_view text);
  // What the path leads to, in order; empty when nothing is there.
  std::vector<const Json*> find(const Json& root) const;
  // One plain field after another: .spec.color. Empty when the path is anything more.
  std::vector<std::string> simple() const;

 private:
  struct Step {
    enum class Type : uint8_t { field, index, all, deep, filter } type;
    std::string name;  // field; deep: of which
    int64_t index = 0;
    std::vector<Step> left = {};  // filter: @.type
    std::string comparison = {};  // empty: the left side must be there
    Json right = {};
  };
  static Result<std::vector<Step>> steps(std::string_view text);
  static Result<Step> bracket(std::string_view inside);
  static Result<Step> filter(std::string_view inside);
  static std::vector<const Json*> walk(const std::vector<Step>& steps, const Json& root);
  static void take(const Step& step, const Json& from, std::vector<const Json*>& out);
  static void deep(const std::string& name, const Json& from, std::vector<const Json*>& out);
  static bool holds(const Step& step, const Json& item);

  std::vector<Step> steps_;
};

}  // namespace engine
