// Controls: buttons, inputs, choices, tabs, menus, dialogs. Each is placed by a rectangle and
// reports itself to the mirror. Thread: the one thread. Owns: nothing.
#pragma once

#include <string>
#include <string_view>

#include "web/widgets/ui.h"

namespace web {

enum class ButtonKind { kPrimary, kSecondary, kGhost, kDanger, kDangerGhost };

struct ButtonOptions {
  ButtonKind kind = ButtonKind::kSecondary;
  uint32_t icon = 0;
  uint32_t icon_after = 0;
  bool disabled = false;
  bool busy = false;
  std::string_view tip;
  std::string_view href;  // says that it leads somewhere
  bool active = false;    // a switch that is on
  float height = tokens::kSizeControlDefault;
  const TextStyle* style = nullptr;
};
float button_width(std::string_view label, const ButtonOptions& options = {});
bool button(float x, float y, std::string_view label, const ButtonOptions& options = {},
            float width = 0);
// The same with its right edge at x; x becomes its left edge less the gap between controls.
bool button_left_of(float& x, float y, std::string_view label, const ButtonOptions& options = {});
struct IconButtonOptions {
  float size = 32;
  float glyph = tokens::kSizeIconNav;
  bool disabled = false;
  bool active = false;
  bool framed = false;
  Color color = 0;  // 0: secondary text
};
Hit icon_button(float x, float y, uint32_t code, std::string_view label,
                const IconButtonOptions& options = {});
// Words that lead somewhere. Returns whether they were followed.
bool link(float x, float y, const TextStyle& style, std::string_view words,
          std::string_view href = {}, float line = 0);

struct InputOptions {
  std::string_view hint;
  uint32_t icon = 0;
  std::string_view key;  // shown at the right while empty
  std::string_view error;
  bool good = false;
  bool disabled = false;
  bool focus = false;  // take the keyboard now
  bool mono = false;
  bool secret = false;
  std::string_view note;  // at the right end: "2 of 14"
};
// True when the text changed. `*submitted` is set by Enter.
bool input(const Rect& r, std::string_view label, std::string& value,
           const InputOptions& options = {}, bool* submitted = nullptr);
bool text_area(const Rect& r, std::string_view label, std::string& value, std::string_view hint);

enum class Check { kOff, kOn, kMixed };
bool checkbox(float x, float y, std::string_view label, Check value, bool show_label,
              bool disabled = false);
bool switch_box(float x, float y, std::string_view label, bool value, bool show_label);
bool radio_mark(float x, float y, bool on);

struct Tab {
  std::string_view label;
  int count = -1;
  Color count_color = 0;  // 0: neutral
  Color count_fill = 0;
};
// Text tabs with an underline; returns the one pressed or -1.
int tabs(float x, float y, float height, const Tab* list, int count, int current,
         std::string_view name);
int segmented(float x, float y, const std::string_view* labels, int count, int current,
              float* width = nullptr);

void key_cap(float x, float y, std::string_view key, float height = 20);
float key_cap_width(std::string_view key);

// A menu opens at `at` when `open_menu(name)` was called. Between begin and end come items.
void open_menu(std::string_view name);
bool begin_menu(std::string_view name, const ImVec2& at, float width, bool right_aligned = false);
struct MenuItemOptions {
  std::string_view key;
  bool danger = false;
  bool disabled = false;
  bool checked = false;
  std::string_view tip;
  std::string_view note;  // grey, after the label
};
bool menu_item(uint32_t code, std::string_view label, const MenuItemOptions& options = {});
void menu_gap();
void menu_title(std::string_view words);
void end_menu();

void open_dialog(std::string_view name);
// The rectangle of the dialog's inside comes back; the caller draws there and calls end_dialog.
bool begin_dialog(std::string_view name, float width, float height, Rect* inside,
                  bool* stay_open = nullptr);
void end_dialog();

}  // namespace web
