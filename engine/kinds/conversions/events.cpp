// Events: events.k8s.io/v1 has other names for what core/v1 keeps.
#include "engine/kinds/conversion.h"

namespace engine {

namespace {

void to_core(Json& event) {
  rename_members(event, {{"regarding", "involvedObject"},
                         {"note", "message"},
                         {"deprecatedSource", "source"},
                         {"deprecatedFirstTimestamp", "firstTimestamp"},
                         {"deprecatedLastTimestamp", "lastTimestamp"},
                         {"deprecatedCount", "count"},
                         {"reportingController", "reportingComponent"}});
  // core writes these whatever they are.
  for (std::string_view name : {"reportingComponent", "reportingInstance"})
    if (event.find(name) == nullptr) event.set(name, Json(""));
}

void from_core(Json& event) {
  rename_members(event, {{"involvedObject", "regarding"},
                         {"message", "note"},
                         {"source", "deprecatedSource"},
                         {"firstTimestamp", "deprecatedFirstTimestamp"},
                         {"lastTimestamp", "deprecatedLastTimestamp"},
                         {"count", "deprecatedCount"},
                         {"reportingComponent", "reportingController"}});
  for (std::string_view name : {"reportingController", "reportingInstance"})
    if (event.str(name).empty()) event.erase(name);
}

}  // namespace

extern const Conversion kConversion_events;
const Conversion kConversion_events{"events.k8s.io", "v1", "Event", "", "v1", to_core, from_core};

}  // namespace engine
