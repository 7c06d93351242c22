#include "engine/cluster/transport.h"

#include "engine/base/json.h"

namespace engine {

Status status_of(const Response& answer) {
  if (const auto json = parse_json(answer.body); json && json->str("kind") == "Status") {
    Status out = Status::other(answer.status, std::string(json->str("reason")),
                               std::string(json->str("message")));
    std::vector<Cause> causes;
    if (const Json* listed = json->at({"details", "causes"}); listed && listed->is_array())
      for (const Json& one : listed->as_array())
        causes.push_back({std::string(one.str("reason")), std::string(one.str("message")),
                          std::string(one.str("field"))});
    return out.with_causes(std::move(causes));
  }
  constexpr size_t kTextMax = 200;
  std::string text = answer.body.substr(0, kTextMax);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return Status::other(answer.status, "Unknown",
                       text.empty() ? "HTTP " + std::to_string(answer.status) : text);
}

}  // namespace engine
