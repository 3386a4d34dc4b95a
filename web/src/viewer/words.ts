/** The page's words: Chinese first, English second; one entry for each sentence. */

const WORDS = {
  opening: ["正在打开切片…", "Opening the slide…"],
  signIn: ["登录后继续阅片", "Sign in to go on"],
  expired: ["登录已过期：请重新登录，当前视野和未保存的标注都还在。", "Your session has ended: sign in again; your view and what you drew are still here."],
  username: ["用户名", "Username"],
  password: ["密码", "Password"],
  enter: ["登录", "Sign in"],
  lineLost: ["与服务器的连接中断；恢复后会自动继续，请勿关闭页面。", "The line to the server is cut; it goes on by itself when it is back. Do not close this page."],
  notShown: ["没有找到该切片：它不存在，或者不在您的权限范围内。请从病例页面重新打开。", "There is no such slide for you: it does not exist, or you may not see it. Open it again from its case."],
  noImage: ["这张切片还没有可用的图像：正在上传、校验，或未通过校验。请联系申请方病理科，稍后刷新。", "This slide has no image yet: it is being sent or checked, or was refused. Ask the sending lab and reload later."],
  unreadable: ["切片图像无法读取：请重试；若仍失败，请请求申请方重新扫描上传。", "The image of this slide cannot be read: try again; if it fails again, ask the sending lab for a new scan."],
  tileFailed: ["有图块没有载入，画面可能不完整。", "Some parts did not load; the picture may be incomplete."],
  serverFault: ["服务暂时不能处理（{0}）：请稍后重试。", "The server cannot do this now ({0}): try again later."],
  retry: ["重试", "Try again"],
  close: ["关闭", "Close"],
  save: ["保存", "Save"],
  discard: ["放弃", "Discard"],
  remove: ["删除", "Delete"],
  label: ["标签", "Label"],
  caption: ["关键图像说明", "Caption of the key image"],
  hideFromOthers: ["仅自己可见", "Only I see it"],
  slides: ["切片", "Slides"],
  annotations: ["标注", "Annotations"],
  keyImages: ["关键图像", "Key images"],
  none: ["暂无", "None yet"],
  seen: ["已阅 {0}%", "{0}% seen"],
  notOpened: ["未打开", "Not opened"],
  noScale: ["文件未给出分辨率，无法显示标尺", "The file gives no resolution: no scale bar"],
  pixels: ["像素", "px"],
  approximate: ["约 {0}×", "about {0}×"],
  saved: ["已保存", "Saved"],
  kept: ["已存为关键图像", "Kept as a key image"],
  linkCopied: ["链接已复制；对方打开时仍会核对权限。", "Link copied; whoever opens it is still checked."],
  linkHere: ["复制此链接；对方打开时仍会核对权限：", "Copy this link; whoever opens it is still checked:"],
  inStep: ["两片同步", "In step"],
  apart: ["两片独立", "Apart"],
  oneSlide: ["本例只有一张切片，无法对照。", "This case has one slide only; there is nothing to compare with."],
  firstSlide: ["已是第一张切片", "This is the first slide"],
  lastSlide: ["已是最后一张切片", "This is the last slide"],
  readOnly: ["可以测量；标注由会诊专家保存。", "You may measure; only the pathologist in charge saves annotations."],
  colours: ["颜色按扫描仪输出显示，未做色彩校正", "Colours as the scanner gave them, not corrected"],
  drawHelp: ["点击或空格键落点，回车完成，Esc 放弃", "Click or press space to set a point, Enter to finish, Esc to discard"],
  boxHelp: ["拖出矩形；或空格键落下两个对角，Esc 放弃", "Drag a box, or press space at two corners; Esc to discard"],
  help: ["键盘快捷键", "Keyboard"],
  language: ["English", "中文"],
  overview: ["概览图", "Overview"],
  stage: ["切片画面：方向键移动，加减号缩放，问号显示全部按键", "Slide: arrow keys move, plus and minus zoom, question mark lists all keys"],
  POINT: ["点", "Point"],
  BOX: ["矩形", "Box"],
  POLYGON: ["多边形", "Polygon"],
  LINE: ["测量/线段", "Measure / line"],
  TEXT: ["文字", "Text"],
  kPan: ["移动（按住 Shift 微移）", "Move (Shift: a little)"],
  kZoom: ["放大、缩小", "Zoom in, out"],
  kFit: ["整张切片", "Whole slide"],
  kMagnify: ["2×、5×、10×、20×、40×", "2×, 5×, 10×, 20×, 40×"],
  kRotate: ["旋转 90°；方括号旋转 5°", "Turn by 90°; brackets turn by 5°"],
  kUpright: ["取消旋转", "Turn back upright"],
  kNext: ["下一张切片", "Next slide"],
  kPrevious: ["上一张切片", "Previous slide"],
  kCompare: ["两片对照 开/关", "Two slides side by side"],
  kStep: ["对照时同步 开/关", "In step or apart"],
  kPoint: ["标注：点", "Annotate: point"],
  kBox: ["标注：矩形", "Annotate: box"],
  kPolygon: ["标注：多边形（显示面积）", "Annotate: polygon (tells its area)"],
  kLine: ["测量长度", "Measure a length"],
  kText: ["标注：文字", "Annotate: text"],
  kSet: ["在画面中心落点", "Set a point at the middle of the view"],
  kDone: ["完成图形", "Finish the shape"],
  kEscape: ["放弃；回到浏览", "Discard; back to looking"],
  kSelect: ["选下一条标注", "Select the next annotation"],
  kDelete: ["删除所选标注", "Delete the selected annotation"],
  kHide: ["显示/隐藏标注", "Show or hide annotations"],
  kKeep: ["把当前视野存为关键图像", "Keep this view as a key image"],
  kTrace: ["显示/隐藏已阅范围", "Show or hide what was seen"],
  kOverview: ["显示/隐藏概览图", "Show or hide the overview"],
  kShare: ["复制当前视野的链接", "Copy a link to this view"],
  kPanel: ["标注与图像列表", "List of annotations and images"],
  kLeave: ["到报告", "To the report"],
  kHelp: ["显示此列表", "This list"],
} as const satisfies Record<string, readonly [string, string]>;

export type Word = keyof typeof WORDS;
export type Language = "zh-Hans" | "en";

const KEPT = "refnet.language";

/** The reader's language: the one chosen before, else Chinese. */
export function language(): Language {
  return localStorage.getItem(KEPT) === "en" ? "en" : "zh-Hans";
}

/** Remembers the other language. */
export function switchLanguage(): void {
  localStorage.setItem(KEPT, language() === "en" ? "zh-Hans" : "en");
}

/** The sentence in the reader's language, `{0}` filled in. */
export function say(word: Word, ...given: (string | number)[]): string {
  const sentence: string = WORDS[word][language() === "en" ? 1 : 0];
  return sentence.replace(/\{(\d)\}/g, (_whole, n: string) => String(given[Number(n)] ?? ""));
}
