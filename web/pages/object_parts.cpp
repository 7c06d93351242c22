// What the page of an object shows: details, tags, containers, conditions, data, events.
#include <cmath>

#include "engine/base/base64.h"
#include "web/pages/dock.h"
#include "web/pages/object.h"
#include "web/pages/reasons.h"

namespace web {
namespace {
// What kubectl applied, as one long line: the YAML has it, a list of tags is not the place.
constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

bool copy_button(float x, float y, std::string_view what) {
  return icon_button(x, y, tokens::kIconContentCopy, "Copy " + std::string(what),
                     {.size = 28, .glyph = 15, .color = col().text_tertiary})
      .pressed;
}

struct Line {
  std::string label, value, href;
  bool mono = false;
};

void detail_line(App& app, const Line& l, float x, float ly, float w) {
  text(x + 16, ly, tokens::kTypeBody, col().text_secondary, l.label, 28);
  say_text(box(x + 16, ly, w - 32, 28), l.label + " " + l.value);
  const float vx = x + 148;
  const std::string shown =
      fit_middle(l.mono ? tokens::kTypeCode : tokens::kTypeBody, l.value, w - 196);
  if (!l.href.empty()) {
    if (link(vx, ly, tokens::kTypeBody, shown, l.href, 28)) app.go(l.href);
  } else {
    text(vx, ly, l.mono ? tokens::kTypeCode : tokens::kTypeBody, col().text_primary, shown, 28);
  }
  ImGui::PushID(l.value.c_str());
  if (copy_button(x + w - 40, ly, l.label)) app.copy(l.value, l.label);
  ImGui::PopID();
}

}  // namespace

float ObjectPage::details(float x, float y, float w) {
  std::vector<Line> lines;
  ClusterView& view = app_->cluster(cluster_);
  if (!ns_.empty()) {
    const ApiKind* k = view.discovery.find("", "namespaces");
    lines.push_back({"Namespace", ns_, k != nullptr ? object_url(cluster_, *k, "", ns_) : ""});
  }
  const int64_t created = parse_time(object_.str({"metadata", "creationTimestamp"}));
  if (created > 0)
    lines.push_back({"Created", time_text(created, app_->backend.zone_minutes(created)), ""});
  if (const Json* owners = object_.at({"metadata", "ownerReferences"});
      owners != nullptr && owners->is_array()) {
    for (const Json& o : owners->as_array()) {
      const ApiKind* k = view.discovery.find_kind(o.str("apiVersion"), o.str("kind"));
      lines.push_back(
          {"Owned by", std::string(o.str("kind")) + " " + std::string(o.str("name")),
           k != nullptr ? object_url(cluster_, *k, k->namespaced ? ns_ : "", o.str("name")) : ""});
    }
  }
  auto field = [&](const char* label, std::initializer_list<std::string_view> path, bool mono) {
    const Json* v = object_.at(path);
    if (v == nullptr || v->is_null() || v->is_object() || v->is_array()) return;
    lines.push_back({label, v->is_string() ? v->as_string() : engine::dump(*v), "", mono});
  };
  if (const std::string_view node = object_.str({"spec", "nodeName"}); !node.empty()) {
    const ApiKind* k = view.discovery.find("", "nodes");
    lines.push_back(
        {"Node", std::string(node), k != nullptr ? object_url(cluster_, *k, "", node) : ""});
  }
  const bool pod = kind_.group.empty() && plural_ == "pods";
  if (pod || is_node(kind_)) {
    usage_.look(*app_, view, plural_, ns_, name_);
    if (const Use* use = usage_.of(ns_, name_); use != nullptr) {
      lines.push_back({"CPU now", cpu_text(use->cpu), ""});
      lines.push_back({"Memory now", memory_text(use->memory), ""});
    }
  }
  field("Pod IP", {"status", "podIP"}, true);
  field("Service account", {"spec", "serviceAccountName"}, false);
  field("Type", {"type"}, false);
  field("Type", {"spec", "type"}, false);
  field("Cluster IP", {"spec", "clusterIP"}, true);
  field("Schedule", {"spec", "schedule"}, true);
  field("Strategy", {"spec", "strategy", "type"}, false);
  field("Kubelet", {"status", "nodeInfo", "kubeletVersion"}, true);
  field("System", {"status", "nodeInfo", "osImage"}, false);
  field("Architecture", {"status", "nodeInfo", "architecture"}, false);
  field("Runtime", {"status", "nodeInfo", "containerRuntimeVersion"}, true);
  lines.push_back({"UID", std::string(object_.str({"metadata", "uid"})), "", true});
  const float h = 52 + 28 * static_cast<float>(lines.size());
  card(box(x, y, w, h));
  text(x + 16, y + 12, tokens::kTypeSection, col().text_primary, "Details", 24);
  float ly = y + 44;
  for (const Line& l : lines) {
    detail_line(*app_, l, x, ly, w);
    ly += 28;
  }
  return y + h + 16;
}

float ObjectPage::tags(float x, float y, float w, const char* title, const char* field) {
  const Json* all = object_.at({"metadata", field});
  if (all == nullptr || !all->is_object()) return y;
  if (all->size() == (all->find(kLastApplied) != nullptr ? 1u : 0u)) return y;
  const float top = y;
  canvas()->ChannelsSplit(2);
  canvas()->ChannelsSetCurrent(1);
  text(x + 16, y + 12, tokens::kTypeSection, col().text_primary, title, 24);
  float tx = x + 16, ty = y + 44;
  for (const auto& [key, value] : all->as_object()) {
    if (key == kLastApplied) continue;
    const std::string words = fit_end(
        tokens::kTypeSmall,
        key + (value.is_string() && !value.as_string().empty() ? "=" + value.as_string() : ""),
        w - 60);
    const float tw = tag_width(words);
    if (tx + tw > x + w - 16 && tx > x + 16) {
      tx = x + 16;
      ty += 28;
    }
    tag(tx, ty, words);
    say_text(box(tx, ty, tw, 22), words);
    tx += tw + 6;
  }
  canvas()->ChannelsSetCurrent(0);
  const Rect r(x, top, x + w, ty + 36);
  card(r);
  canvas()->ChannelsMerge();
  return r.Max.y + 16;
}

float ObjectPage::containers(float x, float y, float w) {
  const Json* list = object_.at({"spec", "containers"});
  const bool pod = list != nullptr;
  if (list == nullptr) list = object_.at({"spec", "template", "spec", "containers"});
  if (list == nullptr)
    list = object_.at({"spec", "jobTemplate", "spec", "template", "spec", "containers"});
  if (list == nullptr || !list->is_array()) return y;
  const float h = 52 + 56 * static_cast<float>(list->size());
  card(box(x, y, w, h));
  text(x + 16, y + 12, tokens::kTypeSection, col().text_primary, "Containers", 24);
  float cy = y + 46;
  for (const Json& c : list->as_array()) {
    const std::string name(c.str("name"));
    hline(x, x + w, cy, col().border_subtle);
    Tone tone = Tone::kNeutral;
    std::string note;
    if (const Json* statuses = object_.at({"status", "containerStatuses"});
        pod && statuses != nullptr && statuses->is_array()) {
      for (const Json& s : statuses->as_array()) {
        if (s.str("name") != name) continue;
        tone = s.truth({"ready"}) ? Tone::kSuccess : Tone::kTransitioning;
        const std::string_view why = s.str({"state", "waiting", "reason"});
        if (!why.empty()) tone = tone_of(why), note = why;
        if (s.at({"state", "terminated"}) != nullptr)
          tone = Tone::kNeutral, note = s.str({"state", "terminated", "reason"});
        const int64_t restarts = s.integer({"restartCount"});
        if (restarts > 0)
          note += (note.empty() ? "" : ", ") + count_text(restarts) +
                  (restarts == 1 ? " restart" : " restarts");
      }
    }
    tone_mark(x + 16, cy + 12, 16, tone);
    float nx = x + 40;
    nx += text(nx, cy + 8, tokens::kTypeBodyStrong, col().text_primary, name, 22) + 10;
    text_fit(nx, cy + 8, tokens::kTypeSmall,
             tone == Tone::kError ? col().state_error_text : col().text_tertiary, note,
             x + w - 180 - nx, 22);
    text(x + 40, cy + 30, tokens::kTypeCode, col().text_secondary,
         fit_middle(tokens::kTypeCode, c.str("image"), w - 92), 18);
    say_text(box(x + 16, cy + 8, w - 200, 40),
             name + " " + note + " " + std::string(c.str("image")));
    if (copy_button(x + w - 40, cy + 28, "image of " + name))
      app_->copy(c.str("image"), "Image of " + name);
    if (pod) {
      ImGui::PushID(name.c_str());
      float right = x + w - 12;
      const PodRef ref{cluster_, ns_, name_, {}};
      const ButtonOptions small{
          .kind = ButtonKind::kGhost, .height = 28, .style = &tokens::kTypeSmallStrong};
      if (button_left_of(right, cy + 6, "Shell", small)) open_pod_shell(*app_, ref, name);
      if (button_left_of(right, cy + 6, "Log", small)) open_pod_log(*app_, ref, name);
      ImGui::PopID();
    }
    cy += 56;
  }
  return y + h + 16;
}

float ObjectPage::conditions(float x, float y, float w) {
  const Json* list = object_.at({"status", "conditions"});
  if (list == nullptr || !list->is_array() || list->size() == 0) return y;
  const float h = 52 + 44 * static_cast<float>(list->size());
  card(box(x, y, w, h));
  text(x + 16, y + 12, tokens::kTypeSection, col().text_primary, "Conditions", 24);
  float cy = y + 44;
  for (const Json& c : list->as_array()) {
    const std::string_view type = c.str("type"), status = c.str("status");
    const bool bad_when_true = type.ends_with("Pressure") || type == "NetworkUnavailable" ||
                               type == "ReplicaFailure" || type == "Failed";
    const Tone tone = status == "Unknown"                   ? Tone::kTransitioning
                      : (status == "True") != bad_when_true ? Tone::kSuccess
                                                            : Tone::kWarning;
    hline(x, x + w, cy, col().border_subtle);
    tone_mark(x + 16, cy + 6, 15, tone);
    const float tw = text(x + 40, cy + 3, tokens::kTypeBodyStrong, col().text_primary, type, 20);
    text(x + 50 + tw, cy + 3, tokens::kTypeSmall, col().text_tertiary, status, 20);
    const int64_t since = parse_time(c.str("lastTransitionTime"));
    if (since > 0)
      text_right(x + w - 16, cy + 3, tokens::kTypeSmall, col().text_tertiary,
                 age_text(since, ui().wall), 20);
    const std::string words =
        std::string(c.str("message").empty() ? c.str("reason") : c.str("message"));
    text_fit(x + 40, cy + 22, tokens::kTypeSmall, col().text_secondary, words, w - 56, 18);
    say_text(box(x + 16, cy, w - 32, 40),
             std::string(type) + " " + std::string(status) + " " + words);
    cy += 44;
  }
  return y + h + 16;
}

float ObjectPage::data(float x, float y, float w) {
  const bool secret = kind_.kind == "Secret";
  const Json* all = object_.find("data");
  if ((!secret && kind_.kind != "ConfigMap") || all == nullptr || !all->is_object() ||
      all->size() == 0)
    return y;
  const float top = y;
  canvas()->ChannelsSplit(2);
  canvas()->ChannelsSetCurrent(1);
  text(x + 16, y + 12, tokens::kTypeSection, col().text_primary,
       secret ? "Values, hidden until asked for" : "Data", 24);
  y += 46;
  for (const auto& [key, value] : all->as_object()) {
    if (!value.is_string()) continue;
    hline(x, x + w, y, col().border_subtle);
    ImGui::PushID(key.c_str());
    text_fit(x + 16, y + 4, tokens::kTypeBodyStrong, col().text_primary, key, w - 120, 28);
    say_text(box(x + 16, y + 4, w - 120, 28), key);
    std::string plain = value.as_string();
    if (secret) plain = engine::base64_decode(plain).value_or(plain);
    bool& shown = revealed_[key];
    if (icon_button(x + w - 44, y + 4, tokens::kIconContentCopy, "Copy " + key,
                    {.size = 28, .glyph = 16})
            .pressed)
      app_->copy(plain, key);
    if (secret &&
        icon_button(x + w - 76, y + 4, shown ? tokens::kIconEyeOffOutline : tokens::kIconEyeOutline,
                    shown ? "Hide " + key : "Show " + key, {.size = 28, .glyph = 16})
            .pressed)
      shown = !shown;
    y += 34;
    if (secret && !shown) {
      text(x + 16, y - 2, tokens::kTypeCode, col().text_tertiary,
           "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"
           "\xe2\x80\xa2",
           20);
      y += 26;
    } else {
      const float h =
          text_wrap(x + 16, y - 2, tokens::kTypeCode, col().code_plain, plain, w - 32, 20, 12);
      say_text(box(x + 16, y - 2, w - 32, h), plain);
      y += h + 8;
    }
    ImGui::PopID();
  }
  canvas()->ChannelsSetCurrent(0);
  card(Rect(x, top, x + w, y + 4));
  canvas()->ChannelsMerge();
  return y + 20;
}

void ObjectPage::overview(const Rect& r) {
  if (!begin_area("overview", r)) return end_area();
  const float scroll = ImGui::GetScrollY();
  const bool two = r.GetWidth() > 860;
  const float x = r.Min.x + 24, w = two ? std::floor((r.GetWidth() - 64) / 2) : r.GetWidth() - 48;
  float y = r.Min.y + 20 - scroll;
  if (kind_.kind == "Pod") {
    const std::string why = pod_reason(object_);
    if (!why.empty()) {
      const Rect b = box(x, y, r.GetWidth() - 48, 40);
      banner_box(b, Tone::kWarning);
      tone_mark(b.Min.x + 14, b.Min.y + 12, 16, Tone::kWarning);
      text_fit(b.Min.x + 40, b.Min.y, tokens::kTypeBody, col().text_primary, why, b.GetWidth() - 56,
               40);
      say_text(b, why);
      y += 56;
    }
  }
  float left = y, right = y;
  left = details(x, left, w);
  float& other = two ? right : left;
  const float ox = two ? x + w + 16 : x;
  other = containers(ox, other, w);
  other = data(ox, other, w);
  other = conditions(ox, other, w);
  left = tags(x, left, w, "Labels", "labels");
  left = tags(x, left, w, "Annotations", "annotations");
  end_area(ImMax(left, right) + 8);
}

void ObjectPage::events(const Rect& r) {
  load_events();
  if (!events_loaded_) return;
  if (events_.empty())
    return empty_page(r, tokens::kIconBellRingOutline, "No events",
                      "Nothing was said about it in the last hour.");
  if (!begin_area("events", r)) return end_area();
  float y = r.Min.y + 4 - ImGui::GetScrollY();
  for (const Json& e : events_) {
    const bool warning = e.str("type") == "Warning";
    if (warning)
      icon(r.Min.x + 24, y + 10, 15, col().state_warning_solid, tokens::kIconAlert);
    else
      canvas()->AddCircleFilled(ImVec2(r.Min.x + 31, y + 17), 2.5f, col().text_tertiary);
    std::string_view last = e.str("lastTimestamp");
    if (last.empty()) last = e.str("eventTime");
    if (last.empty()) last = e.str({"metadata", "creationTimestamp"});
    text(r.Min.x + 48, y + 6, tokens::kTypeBodyStrong, col().text_primary, e.str("reason"), 22);
    std::string when = age_text(parse_time(last), ui().wall);
    if (e.integer({"count"}) > 1)
      when = "\xc3\x97" + count_text(e.integer({"count"})) + "   " + when;
    text_right(r.Max.x - 24, y + 6, tokens::kTypeSmall, col().text_tertiary, when, 22);
    const float h = text_wrap(r.Min.x + 48, y + 28, tokens::kTypeBody, col().text_secondary,
                              e.str("message"), r.GetWidth() - 96, 20, 6);
    say_text(box(r.Min.x + 24, y, r.GetWidth() - 48, h + 30),
             std::string(e.str("reason")) + ": " + std::string(e.str("message")));
    y += 28 + h + 10;
    hline(r.Min.x, r.Max.x, y - 1, col().border_subtle);
  }
  end_area(y + 8);
}

}  // namespace web
