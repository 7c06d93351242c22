// Mirror: what is on the canvas, as a tree of roles, names and places, for screen readers and for
// tests. ImGui's item hooks give id and place of every item; the widgets add role, name and state.
// The browser lays real, transparent elements over the canvas from it. Thread: the one thread.
// Owns: the nodes of the frame being drawn and the text of the last one sent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "imgui.h"

namespace web {

enum class Role : uint8_t {
  kNone,
  kButton,
  kLink,
  kCheckbox,
  kRadio,
  kSwitch,
  kTextbox,
  kTab,
  kTablist,
  kMenu,
  kMenuitem,
  kDialog,
  kGrid,
  kRow,
  kCell,
  kColumnheader,
  kHeading,
  kText,
  kStatus,
  kAlert,
  kNavigation,
  kMain,
  kLog,
  kMeter,
  kOption,
  kListbox,
  kRegion,
  kTerminal,
  kTextarea,
};

struct MirrorNode {
  uint32_t id = 0;
  uint32_t parent = 0;
  Role role = Role::kNone;
  bool disabled = false;
  int8_t checked = -1;  // -1 has none, 0, 1, 2 mixed
  int8_t selected = -1;
  int8_t expanded = -1;
  bool focused = false;
  int layer = 0;  // menus and dialogs lie over the page
  int level = 0;  // of headings
  int row = -1;   // 1-based, of rows in a grid with more rows than are drawn
  int rows = -1;  // of a grid
  ImVec4 rect;    // x1 y1 x2 y2
  std::string name;
  std::string value;  // of a meter, the percent
  std::string words;  // what a meter's value is in words
  std::string href;
  std::string sort;  // ascending, descending
};

class Mirror {
 public:
  void begin_frame();
  // The reference holds until the next call. A node with an id that is there already is that node.
  MirrorNode& say(uint32_t id, Role role, std::string_view name, const ImVec4& rect);
  void open(uint32_t id, Role role, std::string_view name,
            const ImVec4& rect);  // what follows is inside
  void close();
  void name(size_t at, std::string_view words);     // of a node said before
  void hook_item(uint32_t id, const ImVec4& rect);  // ImGui saw an item
  void hook_label(uint32_t id, std::string_view label, int flags);

  // Lines split by 0x1E; fields by 0x1F: id, parent, tag, "x y w h layer", then attribute=value.
  // Empty when nothing changed since it was last asked.
  std::string changes();
  const std::vector<MirrorNode>& nodes() const { return nodes_; }
  const MirrorNode* find(Role role, std::string_view name) const;

 private:
  std::vector<MirrorNode> nodes_;
  std::vector<uint32_t> open_;
  std::string last_;
};

}  // namespace web
