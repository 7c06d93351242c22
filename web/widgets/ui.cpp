#include "web/widgets/ui.h"

#include <cmath>

namespace web {
namespace {

ImFont* font_of(const TextStyle& style) {
  return ui().font[static_cast<int>(style.font)];
}

// ImGui's sizes are from ascent to descent, ours are of the em.
float font_size(const TextStyle& style) {
  return style.size * tokens::kFontShapes[static_cast<int>(style.font)].height;
}

size_t utf8_back(std::string_view s, size_t at) {
  while (at > 0 && at < s.size() && (s[at] & 0xC0) == 0x80) at--;
  return at;
}

size_t utf8_next(std::string_view s, size_t at) {
  while (at < s.size() && (s[at] & 0xC0) == 0x80) at++;
  return at;
}

// How many bytes of s fit into width.
size_t fitting(const TextStyle& style, std::string_view s, float width) {
  const char* rest = nullptr;
  const char* end = s.data() + s.size();
  font_of(style)->CalcTextSizeA(font_size(style), width, 0.0f, s.data(), end, &rest);
  return rest == nullptr ? s.size() : static_cast<size_t>(rest - s.data());
}

constexpr std::string_view kEllipsis = "\xe2\x80\xa6";

}  // namespace

Ui::Ui(Backend& b, const FontFiles& fonts) : backend(b) {
  ImGuiIO& io = ImGui::GetIO();
  io.UserData = this;
  io.IniFilename = nullptr;
  io.LogFilename = nullptr;
  io.ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
  io.ConfigNavCaptureKeyboard = false;
  io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset | ImGuiBackendFlags_RendererHasTextures;
  io.ConfigInputTextCursorBlink = false;
  io.ConfigWindowsMoveFromTitleBarOnly = true;
  io.ConfigDebugHighlightIdConflicts = false;
  // Glyphs are all there is to sample: one byte a texel is a quarter of the memory and of the work.
  io.Fonts->TexDesiredFormat = ImTextureFormat_Alpha8;
  for (int i = 0; i < FontFiles::kCount; i++) {
    if (fonts.file[i].data == nullptr) {
      font[i] = io.Fonts->Fonts.empty() ? io.Fonts->AddFontDefault() : io.Fonts->Fonts[0];
      continue;
    }
    ImFontConfig config;
    config.OversampleH = 2;
    config.FontDataOwnedByAtlas = false;
    if (i == FontFiles::kIcons) config.OversampleH = 1;
    font[i] = io.Fonts->AddFontFromMemoryTTF(fonts.file[i].data, fonts.file[i].size, 16, &config);
  }
}

Color fade(Color color, float alpha) {
  const auto a = static_cast<Color>(static_cast<float>(color >> 24) * alpha);
  return (color & 0x00FFFFFFu) | a << 24;
}

float snap(float v) {
  const float dpr = ui().dpr;
  return std::round(v * dpr) / dpr;
}

float text(float x, float y, const TextStyle& style, Color color, std::string_view s, float line) {
  if (s.empty()) return 0;
  const float size = font_size(style);
  if (line == 0) line = style.line;
  // The baseline is where CSS puts it; ImGui counts from its own, rounded ascent.
  const float ascent = tokens::kFontShapes[static_cast<int>(style.font)].ascent * style.size;
  const float top = std::round(y + (line - size) / 2 + ascent) - std::ceil(ascent);
  ImFont* font = font_of(style);
  canvas()->AddText(font, size, ImVec2(std::round(x), top), color, s.data(), s.data() + s.size());
  return font->CalcTextSizeA(size, FLT_MAX, 0, s.data(), s.data() + s.size()).x;
}

float text_width(const TextStyle& style, std::string_view s) {
  if (s.empty()) return 0;
  return font_of(style)
      ->CalcTextSizeA(font_size(style), FLT_MAX, 0, s.data(), s.data() + s.size())
      .x;
}

void text_right(float x, float y, const TextStyle& style, Color color, std::string_view s,
                float line) {
  text(x - text_width(style, s), y, style, color, s, line);
}

void text_center(const Rect& r, const TextStyle& style, Color color, std::string_view s) {
  const float w = text_width(style, s);
  text(r.Min.x + (r.GetWidth() - w) / 2, r.Min.y, style, color, s, r.GetHeight());
}

std::string fit_end(const TextStyle& style, std::string_view s, float width) {
  if (text_width(style, s) <= width) return std::string(s);
  const float room = width - text_width(style, kEllipsis);
  if (room <= 0) return {};
  const size_t n = utf8_back(s, fitting(style, s, room));
  return std::string(s.substr(0, n)) + std::string(kEllipsis);
}

std::string fit_middle(const TextStyle& style, std::string_view s, float width) {
  if (text_width(style, s) <= width) return std::string(s);
  const float room = width - text_width(style, kEllipsis);
  if (room <= 0) return {};
  size_t head = utf8_back(s, fitting(style, s, room / 2));
  size_t tail = s.size();
  const float left = room - text_width(style, s.substr(0, head));
  while (tail > head && text_width(style, s.substr(utf8_back(s, tail - 1))) <= left) {
    tail = utf8_back(s, tail - 1);
  }
  tail = utf8_next(s, tail);
  return std::string(s.substr(0, head)) + std::string(kEllipsis) + std::string(s.substr(tail));
}

float text_fit(float x, float y, const TextStyle& style, Color color, std::string_view s,
               float width, float line) {
  // One line only: of several the first is shown.
  std::string first;
  if (const size_t end = s.find('\n'); end != s.npos) {
    first = std::string(s.substr(0, end)) + std::string(kEllipsis);
    s = first;
  }
  const float w = text_width(style, s);
  if (w <= width) return text(x, y, style, color, s, line);
  return text(x, y, style, color, fit_end(style, s, width), line);
}

namespace {

// Calls back for each line; returns how many there were.
template <class F>
int each_line(const TextStyle& style, std::string_view s, float width, int lines_max, F&& f) {
  int lines = 0;
  while (!s.empty() && lines < lines_max) {
    const size_t newline = s.find('\n');
    std::string_view paragraph = s.substr(0, newline);
    size_t n = fitting(style, paragraph, width);
    size_t skip = n;
    if (n < paragraph.size()) {
      const size_t space = paragraph.rfind(' ', n);
      if (space != std::string_view::npos && space > 0) {
        n = space;
        skip = space + 1;
      } else if (n == 0) {
        n = skip = 1;
      }
    } else {
      skip = newline == std::string_view::npos ? s.size() : newline + 1;
    }
    const bool cut = lines + 1 == lines_max && skip < s.size();
    f(lines, cut ? std::string_view(s) : s.substr(0, n), cut);
    s.remove_prefix(skip);
    lines++;
  }
  return lines;
}

}  // namespace

float text_wrap(float x, float y, const TextStyle& style, Color color, std::string_view s,
                float width, float line, int lines_max) {
  if (line == 0) line = style.line;
  const int n = each_line(style, s, width, lines_max, [&](int i, std::string_view part, bool cut) {
    const float at = y + line * static_cast<float>(i);
    if (cut) {
      text_fit(x, at, style, color, part, width, line);
    } else {
      text(x, at, style, color, part, line);
    }
  });
  return line * static_cast<float>(n);
}

void text_wrap_center(float middle, float y, const TextStyle& style, Color color,
                      std::string_view s, float width) {
  each_line(style, s, width, 1000, [&](int i, std::string_view part, bool) {
    text(middle - text_width(style, part) / 2, y + style.line * static_cast<float>(i), style, color,
         part);
  });
}

float wrap_height(const TextStyle& style, std::string_view s, float width, float line) {
  if (line == 0) line = style.line;
  return line *
         static_cast<float>(each_line(style, s, width, 1000, [](int, std::string_view, bool) {}));
}

void icon(float x, float y, float size, Color color, uint32_t code) {
  char utf8[5];
  ImTextCharToUtf8(utf8, code);
  canvas()->AddText(ui().font[FontFiles::kIcons], size, ImVec2(std::round(x), std::round(y)), color,
                    utf8);
}

void icon_center(const Rect& r, float size, Color color, uint32_t code) {
  icon(r.Min.x + (r.GetWidth() - size) / 2, r.Min.y + (r.GetHeight() - size) / 2, size, color,
       code);
}

void fill(const Rect& r, Color color, float radius, ImDrawFlags flags) {
  if (radius > 0 && flags == 0 && round_box(r, color, radius, 0)) return;
  canvas()->AddRectFilled(r.Min, r.Max, color, radius, flags);
}

void ground(const Rect& r, Color color) {
  if (r.GetWidth() > 0 && r.GetHeight() > 0)
    ui().grounds.push_back({r.Min.x, r.Min.y, r.Max.x, r.Max.y, color});
}

void round_corners(const Rect& r, float radius, Color around, Color edge) {
  ImDrawList* list = canvas();
  struct Corner {
    ImVec2 at, center;
    float from;
  };
  const Corner corners[] = {
      {r.Min, ImVec2(r.Min.x + radius, r.Min.y + radius), IM_PI},
      {ImVec2(r.Max.x, r.Min.y), ImVec2(r.Max.x - radius, r.Min.y + radius), 1.5f * IM_PI},
      {r.Max, ImVec2(r.Max.x - radius, r.Max.y - radius), 0},
      {ImVec2(r.Min.x, r.Max.y), ImVec2(r.Min.x + radius, r.Max.y - radius), 0.5f * IM_PI}};
  for (const Corner& c : corners) {
    list->PathLineTo(c.at);
    list->PathArcTo(c.center, radius, c.from + IM_PI / 2, c.from, 12);
    list->PathFillConcave(around);
  }
  outline(r, edge, radius);
}

void outline(const Rect& r, Color color, float radius, float width) {
  if (round_box(r, color, radius, width)) return;
  const float half = width / 2;  // the line lies inside
  canvas()->PathRect(ImVec2(r.Min.x + half, r.Min.y + half), ImVec2(r.Max.x - half, r.Max.y - half),
                     ImMax(0.0f, radius - half));
  canvas()->PathStroke(color, ImDrawFlags_Closed, width);
}

void hline(float x1, float x2, float y, Color color) {
  y = snap(y);
  canvas()->AddRectFilled(ImVec2(x1, y),
                          ImVec2(x2, y + ImMax(1.0f, std::floor(ui().dpr)) / ui().dpr), color);
}

void vline(float x, float y1, float y2, Color color) {
  x = snap(x);
  canvas()->AddRectFilled(ImVec2(x, y1),
                          ImVec2(x + ImMax(1.0f, std::floor(ui().dpr)) / ui().dpr, y2), color);
}

void shadow(ImDrawList* list, const Rect& r, float radius, const tokens::Shadow (&layers)[2]) {
  for (const tokens::Shadow& s : layers) {
    const float alpha = static_cast<float>(s.color >> 24) / 255.0f;
    if (alpha == 0) continue;
    // Nested steps add up to a soft edge from -blur/2 to +blur/2 around the box.
    const int steps = ImMax(2, static_cast<int>(s.blur / 2));
    for (int i = 0; i < steps; i++) {
      const float grow = s.blur / 2 - s.blur * static_cast<float>(i) / static_cast<float>(steps);
      const Rect b(r.Min.x - grow, r.Min.y + s.y - grow, r.Max.x + grow, r.Max.y + s.y + grow);
      if (b.GetWidth() <= 0 || b.GetHeight() <= 0) break;
      list->AddRectFilled(b.Min, b.Max,
                          (s.color & 0x00FFFFFFu) |
                              static_cast<Color>(255 * alpha / static_cast<float>(steps)) << 24,
                          ImMax(1.0f, radius + grow));
    }
  }
}

void focus_ring(const Rect& r, float radius, bool inside) {
  const float o = inside ? 0 : tokens::kFocusRingOffset + tokens::kFocusRingWidth;
  const Rect b(r.Min.x - o, r.Min.y - o, r.Max.x + o, r.Max.y + o);
  outline(b, col().focus_ring, inside ? radius : radius + 4, tokens::kFocusRingWidth);
}

Hit hit(ImGuiID id, const Rect& r, const HitOptions& options) {
  Hit h;
  h.id = id;
  ImGuiContext& g = *GImGui;
  ImGuiItemFlags flags = ImGuiItemFlags_None;
  if (!options.nav || options.disabled) flags |= ImGuiItemFlags_NoNav | ImGuiItemFlags_NoTabStop;
  if (options.disabled) flags |= ImGuiItemFlags_Disabled;
  if (!ImGui::ItemAdd(r, id, nullptr, flags)) return h;
  if (options.disabled) {
    h.hovered = ImGui::IsMouseHoveringRect(r.Min, r.Max) && g.HoveredWindow == g.CurrentWindow;
    return h;
  }
  bool hovered = false, held = false;
  h.pressed =
      ImGui::ButtonBehavior(r, id, &hovered, &held,
                            ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonMiddle);
  h.hovered = hovered;
  h.held = held;
  h.focused = g.NavId == id && g.NavCursorVisible;
  h.middle = h.pressed && (g.IO.KeyCtrl || g.IO.KeySuper || ImGui::IsMouseReleased(2));
  if (h.hovered) ui().cursor = options.cursor;
  return h;
}

void tooltip(const Hit& h, std::string_view words) {
  Ui& u = ui();
  if (!h.hovered || words.empty()) return;
  u.tip = words;
  u.tip_id = h.id;
}

bool in_view(const Rect& r) {
  return ImGui::GetCurrentWindow()->ClipRect.Overlaps(r);
}

void say_text(const Rect& r, std::string_view words) {
  if (words.empty() || !in_view(r)) return;
  const ImGuiID id = ImHashData(&r, sizeof r, id_of(words));
  ui().mirror.say(id, Role::kText, words, place(r));
}

void say_heading(const Rect& r, std::string_view words, int level) {
  const ImGuiID id = id_of(words) ^ 0x48u;
  ui().mirror.say(id, Role::kHeading, words, place(r)).level = level;
}

bool begin_area(const char* name, const Rect& r, Color background, float radius,
                ImGuiWindowFlags flags) {
  ImGui::SetCursorScreenPos(r.Min);
  ImGui::PushStyleColor(ImGuiCol_ChildBg, background);
  ImGui::PushStyleVar(ImGuiStyleVar_ChildRounding, radius);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
  const bool open =
      ImGui::BeginChild(name, r.GetSize(), ImGuiChildFlags_AlwaysUseWindowPadding, flags);
  ImGui::PopStyleVar(2);
  ImGui::PopStyleColor();
  return open;
}

void end_area(float content_bottom) {
  ImGuiWindow* w = ImGui::GetCurrentWindow();
  if (content_bottom > 0) {
    w->DC.CursorMaxPos.y = ImMax(w->DC.CursorMaxPos.y, content_bottom);
    w->DC.IdealMaxPos.y = ImMax(w->DC.IdealMaxPos.y, content_bottom);
  }
  ImGui::EndChild();
}

}  // namespace web

// ImGui calls these for every item and label (IMGUI_ENABLE_TEST_ENGINE).
void ImGuiTestEngineHook_ItemAdd(ImGuiContext* ctx, ImGuiID id, const ImRect& bb,
                                 const ImGuiLastItemData*) {
  auto* u = static_cast<web::Ui*>(ctx->IO.UserData);
  if (u == nullptr || id == 0 || ctx->CurrentWindow == nullptr) return;
  ImRect r = bb;
  r.ClipWith(ctx->CurrentWindow->ClipRect);
  if (r.GetWidth() > 0 && r.GetHeight() > 0) u->mirror.hook_item(id, web::place(r));
}
void ImGuiTestEngineHook_ItemInfo(ImGuiContext* ctx, ImGuiID id, const char* label,
                                  ImGuiItemStatusFlags flags) {
  auto* u = static_cast<web::Ui*>(ctx->IO.UserData);
  if (u != nullptr && label != nullptr) u->mirror.hook_label(id, label, flags);
}
void ImGuiTestEngineHook_Log(ImGuiContext*, const char*, ...) {}
const char* ImGuiTestEngine_FindItemDebugLabel(ImGuiContext*, ImGuiID) {
  return nullptr;
}
