// Ui: the dashboard's own drawing on top of ImGui's lists, ids and input. All lengths are CSS
// pixels, every part is placed by its rectangle, and every part says to the mirror what it is.
// Reached through ImGui's IO, so that there is no global. Thread: the one thread. Owns: the fonts'
// names, the mirror, the time of the frame.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "fonts.gen.h"
#include "imgui.h"
#include "imgui_internal.h"
#include "tokens.gen.h"
#include "web/mirror/mirror.h"
#include "web/platform/backend.h"

namespace web {

using tokens::TextStyle;
using Rect = ImRect;
using Color = ImU32;

struct FontFiles {
  enum { kUi400, kUi500, kUi600, kMono400, kIcons, kCount };
  struct {
    void* data;
    int size;
  } file[kCount];
};

struct RoundSprite {
  float radius, width;  // device pixels; width 0: filled
  ImFontAtlasRectId id;
};

class Ui {
 public:
  Ui(Backend& backend, const FontFiles& fonts);
  static Ui& get() { return *static_cast<Ui*>(ImGui::GetIO().UserData); }

  Backend& backend;
  Mirror mirror;
  const tokens::Colors* c = &tokens::kLight;
  bool dark = false;
  bool comfortable = false;  // rows of objects are 40 high
  bool still = false;        // reduced motion
  float dpr = 1;
  double now = 0;    // ms, of this frame
  int64_t wall = 0;  // ms since 1970, of this frame
  ImFont* font[FontFiles::kCount] = {};

  void set_theme(bool dark_theme);
  void after(double ms) { next = next < 0 || ms < next ? ms : next; }  // draw again then
  // A menu or dialog that opens is measured, unseen, before it has its place: until then the mirror
  // tells nothing of it, and the next frame follows at once.
  bool measuring = false;
  double next = -1;
  std::vector<Ground> grounds;  // of this frame
  std::vector<RoundSprite> round_sprites;
  Cursor cursor = Cursor::kArrow;
  bool keys_taken = false;  // an editor or a shell has the keyboard: the page's keys rest
  bool keys_were_taken = false;
  // A tooltip shows at the end of the frame, after a short stay.
  std::string tip;
  ImGuiID tip_id = 0;
  ImGuiID tip_shown = 0;
  double tip_since = 0;
};

inline Ui& ui() {
  return Ui::get();
}
inline const tokens::Colors& col() {
  return *Ui::get().c;
}
inline ImDrawList* canvas() {
  return ImGui::GetWindowDrawList();
}
inline Rect box(float x, float y, float w, float h) {
  return Rect(x, y, x + w, y + h);
}
inline ImVec4 place(const Rect& r) {
  return ImVec4(r.Min.x, r.Min.y, r.Max.x, r.Max.y);
}
Color fade(Color color, float alpha);
float snap(float v);  // to a whole device pixel

// Text. `y` is the top of a line box `line` high (0: the style's), as in CSS. Returns the width.
float text(float x, float y, const TextStyle& style, Color color, std::string_view s,
           float line = 0);
float text_width(const TextStyle& style, std::string_view s);
void text_right(float x, float y, const TextStyle& style, Color color, std::string_view s,
                float line = 0);
void text_center(const Rect& r, const TextStyle& style, Color color, std::string_view s);
// Shortened to `width` at the end, or in the middle for names.
std::string fit_end(const TextStyle& style, std::string_view s, float width);
std::string fit_middle(const TextStyle& style, std::string_view s, float width);
float text_fit(float x, float y, const TextStyle& style, Color color, std::string_view s,
               float width, float line = 0);
// Broken at spaces; returns the height.
float text_wrap(float x, float y, const TextStyle& style, Color color, std::string_view s,
                float width, float line = 0, int lines_max = 100);
// The same around a middle.
void text_wrap_center(float middle, float y, const TextStyle& style, Color color,
                      std::string_view s, float width);
float wrap_height(const TextStyle& style, std::string_view s, float width, float line = 0);

void icon(float x, float y, float size, Color color, uint32_t code);
void icon_center(const Rect& r, float size, Color color, uint32_t code);

// Shapes.
void fill(const Rect& r, Color color, float radius = 0, ImDrawFlags flags = 0);
// A filled box (`width` 0) or a line inside its edge; false where a sprite cannot be had.
bool round_box(const Rect& r, Color color, float radius, float width);
// An opaque rectangle below everything else of the frame; all that has none is a panel.
void ground(const Rect& r, Color color);
// Children do not clip to round corners: what lies around a panel is drawn over them.
void round_corners(const Rect& r, float radius, Color around, Color edge);
void outline(const Rect& r, Color color, float radius = 0, float width = 1);
void hline(float x1, float x2, float y, Color color);
void vline(float x, float y1, float y2, Color color);
void shadow(ImDrawList* list, const Rect& r, float radius, const tokens::Shadow (&layers)[2]);
void focus_ring(const Rect& r, float radius, bool inside = false);

// Items.
struct Hit {
  bool pressed = false;  // released over it, or by key
  bool hovered = false;
  bool held = false;
  bool focused = false;  // by keyboard
  bool middle = false;   // middle click or with control: a new tab is wanted
  ImGuiID id = 0;
};
struct HitOptions {
  bool disabled = false;
  bool nav = true;  // keyboard comes here
  Cursor cursor = Cursor::kHand;
};
Hit hit(ImGuiID id, const Rect& r, const HitOptions& options = {});
inline ImGuiID id_of(std::string_view s) {
  return ImGui::GetCurrentWindow()->GetID(s.data(), s.data() + s.size());
}
inline ImGuiID id_of(int n) {
  return ImGui::GetCurrentWindow()->GetID(n);
}
void tooltip(const Hit& h, std::string_view words);
bool in_view(const Rect& r);

// A label that the mirror knows as text. Headings have a level.
void say_text(const Rect& r, std::string_view words);
void say_heading(const Rect& r, std::string_view words, int level);

// A scrolled area of the page; content is drawn at absolute places, and `end_area` is told how far
// it went.
bool begin_area(const char* name, const Rect& r, Color background = 0, float radius = 0,
                ImGuiWindowFlags flags = 0);
void end_area(float content_bottom = 0);

}  // namespace web
