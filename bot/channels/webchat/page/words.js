/** The page's own words, until and beside those that `welcome` brings. */

const BUILT_IN = {
  zh: {
    send: "发送", placeholder: "输入消息", connecting: "正在连接…", no_copy: "没能复制，请长按选择",
    deadline: "请在 {time} 前完成", left: "还剩 {left}", too_big: "文件不能超过 2 MB", newer: "看最新消息", me: "我",
    conversation: "对话",
  },
  en: {
    send: "Send", placeholder: "Message", connecting: "Connecting…", no_copy: "Could not copy. Please select it yourself",
    deadline: "Complete by {time}", left: "{left} left", too_big: "Files may be 2 MB at most", newer: "Newest message",
    me: "Me", conversation: "Conversation",
  },
};

/** Filled in place, so that every module sees the shop's words. */
export const words = {};

export function useWords(language, given) {
  Object.assign(words, BUILT_IN[language.toLowerCase().startsWith("zh") ? "zh" : "en"], given);
}

useWords(navigator.language, {});
