#include "engine/norman/state.h"

#include "engine/base/text.h"

namespace engine {
namespace {

std::string waiting_message(const Json& metadata) {
  const Json* finalizers = metadata.find("finalizers");
  if (!finalizers || !finalizers->is_array() || finalizers->as_array().empty()) return {};
  std::string out = "waiting on ";
  for (const Json& name : finalizers->as_array()) {
    if (out.back() != ' ') out += ", ";
    if (name.is_string()) out += name.as_string();
  }
  return out;
}

std::string message_of(const Json& condition) {
  std::string_view reason = condition.str("reason"), message = condition.str("message");
  if (!message.empty()) return std::string(message);
  return std::string(reason);
}

}  // namespace

State state_of(const Json& stored) {
  State out;
  if (!stored.str({"metadata", "deletionTimestamp"}).empty()) {
    out.name = "removing";
    out.transitioning = "yes";
    out.message = waiting_message(*stored.find("metadata"));
    return out;
  }
  std::string_view phase = stored.str({"status", "phase"});
  if (!phase.empty() && phase != "Active" && phase != "Bound" && phase != "Running" &&
      phase != "Succeeded") {
    out.name = lower(phase);
    out.transitioning = phase == "Failed" ? "error" : "yes";
  }
  const Json* conditions = stored.at({"status", "conditions"});
  if (!conditions || !conditions->is_array()) return out;
  for (const Json& condition : conditions->as_array()) {
    std::string_view status = condition.str("status");
    if (status == "Unknown" && out.transitioning == "no") {
      out.transitioning = "yes";
      out.name = lower(condition.str("type"));
      out.message = message_of(condition);
    } else if (status == "False" && condition.str("reason") == "Error") {
      out.transitioning = "error";
      out.name = "unavailable";
      out.message = message_of(condition);
      return out;
    }
  }
  return out;
}

void write_state(const State& state, Json& object) {
  object.set("state", state.name);
  object.set("transitioning", state.transitioning);
  object.set("transitioningMessage", state.message);
}

}  // namespace engine
