#include "web/widgets/parts.h"

#include <cmath>

#include "web/widgets/controls.h"

namespace web {
namespace {

struct Word {
  std::string_view word;
  Tone tone;
};
constexpr Word kWords[] = {
    {"active", Tone::kSuccess},
    {"running", Tone::kSuccess},
    {"ready", Tone::kSuccess},
    {"available", Tone::kSuccess},
    {"bound", Tone::kSuccess},
    {"healthy", Tone::kSuccess},
    {"true", Tone::kSuccess},
    {"established", Tone::kSuccess},
    {"deployed", Tone::kSuccess},
    {"normal", Tone::kSuccess},
    {"succeeded", Tone::kNeutral},
    {"completed", Tone::kNeutral},
    {"complete", Tone::kNeutral},
    {"released", Tone::kNeutral},
    {"inactive", Tone::kNeutral},
    {"false", Tone::kNeutral},
    {"suspended", Tone::kInfo},
    {"paused", Tone::kInfo},
    {"ready,schedulingdisabled", Tone::kInfo},
    {"cordoned", Tone::kInfo},
    {"drained", Tone::kInfo},
    {"pending", Tone::kTransitioning},
    {"waiting", Tone::kTransitioning},
    {"containercreating", Tone::kTransitioning},
    {"podinitializing", Tone::kTransitioning},
    {"terminating", Tone::kTransitioning},
    {"removing", Tone::kTransitioning},
    {"starting", Tone::kTransitioning},
    {"upgrading", Tone::kTransitioning},
    {"updating", Tone::kTransitioning},
    {"provisioning", Tone::kTransitioning},
    {"progressing", Tone::kTransitioning},
    {"connecting", Tone::kTransitioning},
    {"degraded", Tone::kWarning},
    {"warning", Tone::kWarning},
    {"unschedulable", Tone::kWarning},
    {"unknown", Tone::kWarning},
    {"evicted", Tone::kWarning},
    {"notready,schedulingdisabled", Tone::kWarning},
    {"partly ready", Tone::kWarning},
    {"unavailable", Tone::kError},
    {"failed", Tone::kError},
    {"error", Tone::kError},
    {"crashloopbackoff", Tone::kError},
    {"imagepullbackoff", Tone::kError},
    {"errimagepull", Tone::kError},
    {"oomkilled", Tone::kError},
    {"notready", Tone::kError},
    {"lost", Tone::kError},
    {"invalidimagename", Tone::kError},
    {"createcontainerconfigerror", Tone::kError},
    {"not ready", Tone::kError},
    {"runcontainererror", Tone::kError},
    {"deadlineexceeded", Tone::kError},
};

std::string lower(std::string_view s) {
  std::string out(s);
  for (char& ch : out) {
    if (ch >= 'A' && ch <= 'Z') ch = static_cast<char>(ch + 32);
  }
  return out;
}

struct Hue {
  Color fill, text;
};
Hue hue_of(std::string_view name) {
  const auto& c = col();
  const Hue hues[] = {
      {c.badge_green_fill, c.badge_green_text},   {c.badge_blue_fill, c.badge_blue_text},
      {c.badge_rose_fill, c.badge_rose_text},     {c.badge_teal_fill, c.badge_teal_text},
      {c.badge_violet_fill, c.badge_violet_text}, {c.badge_sand_fill, c.badge_sand_text},
      {c.badge_grey_fill, c.badge_grey_text}};
  return hues[ImHashData(name.data(), name.size(), 11) % 7];
}

}  // namespace

Tone tone_of(std::string_view state) {
  const std::string s = lower(state);
  for (const Word& w : kWords) {
    if (s == w.word) return w.tone;
  }
  if (s.starts_with("init:"))
    return s.find("err") != s.npos || s.find("back") != s.npos ? Tone::kError
                                                               : Tone::kTransitioning;
  if (s.find("backoff") != s.npos || s.find("err") != s.npos || s.find("fail") != s.npos)
    return Tone::kError;
  if (s.ends_with("ing")) return Tone::kTransitioning;
  return Tone::kNeutral;
}

int rank_of(Tone tone) {
  static const int ranks[] = {5, 1, 0, 3, 2, 4};
  return ranks[static_cast<int>(tone)];
}

#define WEB_TONE(part)                     \
  const auto& c = col();                   \
  switch (tone) {                          \
    case Tone::kSuccess:                   \
      return c.state_success_##part;       \
    case Tone::kWarning:                   \
      return c.state_warning_##part;       \
    case Tone::kError:                     \
      return c.state_error_##part;         \
    case Tone::kInfo:                      \
      return c.state_info_##part;          \
    case Tone::kTransitioning:             \
      return c.state_transitioning_##part; \
    case Tone::kNeutral:                   \
      break;                               \
  }                                        \
  return c.state_neutral_##part;
Color tone_text(Tone tone){WEB_TONE(text)} Color tone_solid(Tone tone){WEB_TONE(solid)} Color
    tone_subtle(Tone tone){WEB_TONE(subtle)} Color tone_border(Tone tone){WEB_TONE(border)}
#undef WEB_TONE

uint32_t tone_icon(Tone tone) {
  static const uint32_t icons[] = {tokens::kIconCheckCircle,  tokens::kIconAlert,
                                   tokens::kIconCloseCircle,  tokens::kIconInformation,
                                   tokens::kIconClockOutline, tokens::kIconMinusCircleOutline};
  return icons[static_cast<int>(tone)];
}

std::string state_label(std::string_view state) {
  std::string out(state);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 32);
  return out;
}

void spinner(float cx, float cy, float radius, Color color) {
  Ui& u = ui();
  const int steps = 12;
  const double turn = static_cast<double>(tokens::kMotionSpinnerTurn);
  const int step = u.still ? 0 : static_cast<int>(std::fmod(u.now, turn) / turn * steps);
  const float a = static_cast<float>(step) * 2 * IM_PI / steps - IM_PI / 2;
  canvas()->AddCircle(ImVec2(cx, cy), radius, fade(color, 0.25f), 24, 2);
  canvas()->PathArcTo(ImVec2(cx, cy), radius, a, a + IM_PI * 108.0f / 180.0f, 12);
  canvas()->PathStroke(color, 0, 2);
  if (!u.still && in_view(box(cx, cy, 1, 1))) u.after(turn / steps);
}

float state_badge_width(std::string_view words, Tone tone) {
  if (tone == Tone::kSuccess || tone == Tone::kNeutral)
    return 24 + text_width(tokens::kTypeBody, words);
  return 8 + 14 + 5 + text_width(tokens::kTypeSmallStrong, words) + 9;
}

float state_badge(float x, float y, float line, std::string_view words, Tone tone, bool moving,
                  float width_max) {
  if (tone == Tone::kSuccess || tone == Tone::kNeutral) {
    icon(x + 7, y + (line - 14) / 2, 14, tone_solid(tone), tone_icon(tone));
    const float w =
        text_fit(x + 27, y, tokens::kTypeBody, col().text_secondary, words, width_max - 27, line);
    return 27 + w;
  }
  std::string fitted;
  if (state_badge_width(words, tone) > width_max) {
    fitted = fit_end(tokens::kTypeSmallStrong, words, width_max - 36);
    words = fitted;
  }
  const float w = std::ceil(state_badge_width(words, tone));
  const Rect r = box(x, y + (line - tokens::kSizePill) / 2, w, tokens::kSizePill);
  fill(r, tone_subtle(tone), tokens::kRadiusUseBadge);
  outline(r, tone_border(tone), tokens::kRadiusUseBadge);
  if (moving || tone == Tone::kTransitioning) {
    spinner(r.Min.x + 15, r.Min.y + 11, 5, tone_solid(tone));
  } else {
    icon(r.Min.x + 8, r.Min.y + 4, 14, tone_solid(tone), tone_icon(tone));
  }
  text(r.Min.x + 27, r.Min.y, tokens::kTypeSmallStrong, tone_text(tone), words, tokens::kSizePill);
  return w;
}

void tone_mark(float x, float y, float size, Tone tone) {
  if (tone == Tone::kTransitioning) {
    spinner(x + size / 2, y + size / 2, size / 2 - 2, tone_solid(tone));
  } else {
    icon(x, y, size, tone_solid(tone), tone_icon(tone));
  }
}

std::string monogram_letters(std::string_view name) {
  std::string out;
  bool start = true;
  for (const char ch : name) {
    const bool word =
        (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');
    if (word && start) out += (ch >= 'a' && ch <= 'z') ? static_cast<char>(ch - 32) : ch;
    start = !word;
  }
  if (out.size() > 2) out.resize(2);
  if (out.size() < 2 && name.size() > 1) {
    const char ch = name[1];
    out += (ch >= 'a' && ch <= 'z') ? static_cast<char>(ch - 32) : ch;
  }
  return out;
}

void monogram(float x, float y, float size, std::string_view name) {
  const Hue hue = hue_of(name);
  const Rect r = box(x, y, size, size);
  fill(r, hue.fill, tokens::kRadiusUseBadge);
  const TextStyle style = size > 30 ? tokens::kTypeSection : tokens::kTypeMicro;
  text_center(r, style, hue.text, monogram_letters(name));
}

Color meter_ink(float fraction, Color normal) {
  if (fraction >= tokens::kMeterErrorFrom) return col().state_error_text;
  if (fraction >= tokens::kMeterWarningFrom) return col().state_warning_text;
  return normal;
}

void say_meter(ImGuiID id, std::string_view name, const Rect& r, float fraction,
               std::string_view words) {
  MirrorNode& n = ui().mirror.say(id, Role::kMeter, name, place(r));
  n.value = std::to_string(static_cast<int>(std::lround(ImClamp(fraction, 0.0f, 1.0f) * 100)));
  n.words = words;
}

void meter(float x, float cy, float width, float fraction, Color calm) {
  const auto& c = col();
  const Rect r = box(x, cy - 2, width, 4);
  fill(r, c.surface_track, 2);
  const float f = ImClamp(fraction, 0.0f, 1.0f);
  const Color ink = calm != 0                               ? calm
                    : fraction >= tokens::kMeterErrorFrom   ? c.state_error_solid
                    : fraction >= tokens::kMeterWarningFrom ? c.state_warning_solid
                                                            : c.accent_bar;
  if (f > 0) fill(Rect(r.Min.x, r.Min.y, r.Min.x + ImMax(4.0f, width * f), r.Max.y), ink, 2);
}

void ring(float cx, float cy, float fraction, float reserved) {
  const auto& c = col();
  const float radius = tokens::kSizeRingD / 2 - tokens::kStrokeRing / 2;
  const float top = -IM_PI / 2;
  const ImVec2 m(cx, cy);
  canvas()->PathArcTo(m, radius, 0, 2 * IM_PI, 64);
  canvas()->PathStroke(c.surface_track, ImDrawFlags_Closed, tokens::kStrokeRing);
  auto arc = [&](float r, float f, Color ink, float width) {
    const float a = top + 2 * IM_PI * ImClamp(f, 0.0f, 0.9999f);
    canvas()->PathArcTo(m, r, top, a, 64);
    canvas()->PathStroke(ink, 0, width);
    for (const float end : {top, a}) {
      canvas()->AddCircleFilled(ImVec2(cx + r * std::cos(end), cy + r * std::sin(end)), width / 2,
                                ink);
    }
  };
  if (fraction > 0) {
    const Color ink = fraction >= tokens::kMeterErrorFrom     ? c.state_error_solid
                      : fraction >= tokens::kMeterWarningFrom ? c.state_warning_solid
                                                              : c.chart_used;
    arc(radius, fraction, ink, tokens::kStrokeRing);
  }
  if (reserved > 0) arc(radius - 8, reserved, c.text_tertiary, tokens::kStrokeRingOuter);
}

void sparkline(const Rect& r, const std::vector<float>& values, float max) {
  if (values.size() < 2 || max <= 0) return;
  const auto& c = col();
  const float step = r.GetWidth() / static_cast<float>(values.size() - 1);
  auto point = [&](size_t i) {
    return ImVec2(r.Min.x + step * static_cast<float>(i),
                  r.Max.y - r.GetHeight() * ImClamp(values[i] / max, 0.0f, 1.0f));
  };
  const Color under = fade(c.chart_used, 0.16f);
  for (size_t i = 0; i + 1 < values.size(); i++) {
    const ImVec2 a = point(i), b = point(i + 1);
    canvas()->AddQuadFilled(a, b, ImVec2(b.x, r.Max.y), ImVec2(a.x, r.Max.y), under);
  }
  for (size_t i = 0; i < values.size(); i++) canvas()->PathLineTo(point(i));
  canvas()->PathStroke(c.chart_used, 0, tokens::kStrokeChartLine);
}

float tag_width(std::string_view words) {
  return std::ceil(text_width(tokens::kTypeSmall, words) + 14);
}

void tag(float x, float y, std::string_view words, float height) {
  const Rect r = box(x, y, tag_width(words), height);
  fill(r, col().state_neutral_subtle, 4);
  text_center(r, tokens::kTypeSmall, col().text_secondary, words);
}

void card(const Rect& r) {
  // It lies on a panel of its own colour; only over something else is there anything to fill.
  if (GImGui->BeginPopupStack.Size > 0) fill(r, col().surface_panel, tokens::kRadiusUseCard);
  outline(r, col().border_default, tokens::kRadiusUseCard);
}

void banner_box(const Rect& r, Tone tone) {
  fill(r, tone_subtle(tone), tokens::kRadiusUseCard);
  outline(r, tone_border(tone), tokens::kRadiusUseCard);
}

void empty_page(const Rect& r, uint32_t code, std::string_view title, std::string_view words) {
  const float cx = (r.Min.x + r.Max.x) / 2;
  float y = r.Min.y + ImMax(24.0f, (r.GetHeight() - 120) / 2.6f);
  icon(cx - 14, y, tokens::kSizeIconEmpty, col().text_tertiary, code);
  y += 40;
  text(cx - text_width(tokens::kTypeHeading, title) / 2, y, tokens::kTypeHeading,
       col().text_primary, title);
  const ImGuiID id = id_of(title);
  ui().mirror.say(id, Role::kStatus, std::string(title) + ". " + std::string(words),
                  place(box(cx - 100, y, 200, 40)));
  text_wrap_center(cx, y + 24, tokens::kTypeBody, col().text_secondary, words, r.GetWidth() - 48);
}

void skeleton_rows(const Rect& r, float row_height) {
  static const float widths[] = {0.34f, 0.23f, 0.3f, 0.27f, 0.19f, 0.31f};
  int i = 0;
  for (float y = r.Min.y; y + row_height <= r.Max.y && i < 14; y += row_height, i++) {
    const float cy = y + row_height / 2;
    const Color c = col().surface_skeleton;
    fill(Rect(r.Min.x + 24, cy - 8, r.Min.x + 40, cy + 8), c, 4);
    fill(Rect(r.Min.x + 56, cy - 5, r.Min.x + 130, cy + 5), c, 4);
    fill(Rect(r.Min.x + 182, cy - 5, r.Min.x + 182 + r.GetWidth() * widths[i % 6], cy + 5), c, 4);
    fill(Rect(r.Max.x - 90, cy - 5, r.Max.x - 40, cy + 5), c, 4);
  }
}

int error_page(const Rect& r, std::string_view title, std::string_view words) {
  const float w = ImMin(520.0f, r.GetWidth() - 48);
  const float x = r.Min.x + (r.GetWidth() - w) / 2;
  float y = r.Min.y + ImMin(96.0f, r.GetHeight() / 5);
  icon(x, y + 2, 16, col().state_error_solid, tokens::kIconCloseCircle);
  text(x + 26, y, tokens::kTypeBodyStrong, col().text_primary, title);
  ui().mirror.say(id_of(title), Role::kAlert, std::string(title) + ". " + std::string(words),
                  place(box(x, y, w, 40)));
  y += 22;
  y += text_wrap(x + 26, y, tokens::kTypeBody, col().text_secondary, words, w - 26, 20, 8) + 10;
  int pressed = 0;
  if (button(x + 26, y, "Try again")) pressed = 1;
  const float bw = button_width("Try again");
  if (button(x + 34 + bw, y, "Copy details",
             {.kind = ButtonKind::kGhost, .icon = tokens::kIconContentCopy})) {
    ui().backend.copy(words);
    pressed = 2;
  }
  return pressed;
}

}  // namespace web
