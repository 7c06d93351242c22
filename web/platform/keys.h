// Keys of a browser as ImGui's, and which combinations the dashboard keeps from the browser.
// Thread: any. Owns: nothing.
#pragma once

#include <string_view>

#include "imgui.h"

namespace web {

// `code` is KeyboardEvent.code (the place of the key), `key` what it writes in the user's layout.
ImGuiKey key_of(std::string_view code, std::string_view key);

// Bits of `mods`: 1 control, 2 shift, 4 alt, 8 meta. What writes a character is never claimed: it
// comes as text. `greedy`: a shell has the keyboard, every control key but the window's own is
// kept.
bool claims(ImGuiKey key, std::string_view text, int mods, bool greedy);

}  // namespace web
