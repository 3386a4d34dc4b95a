// Remote pathology on the screen, by several people in sessions of their own: a lab enters a case and sends its slide
// over a line that is cut, the other side's lab looks at its quality, a pathologist claims, reads and signs, the lab
// acknowledges; then what goes wrong on the way, and the lead's pages.
import { act, enter, look, task, told, visitor, walk } from './app.mjs'

const rows = (page) => page.locator('.case-row')
const dialog = (page) => page.locator('dialog[open]')
const inside = (page, selector) => page.locator(`.viewer-tree ${selector}`)
const field = (page, label) => page.getByLabel(label, { exact: true })

/** Takes a step by its button and the button of its form. */
async function step(page, name, fill = async () => undefined) {
  await page.locator('.steps').getByRole('button', { name, exact: true }).click()
  await dialog(page).waitFor()
  await fill(dialog(page))
  await dialog(page).locator('button[type=submit]').click()
  await dialog(page).waitFor({ state: 'detached' })
}

async function status(page, word) {
  await page.locator('.case-now .badge', { hasText: word }).waitFor()
}

/** Opens the reading page of a case and waits until its slide is drawn. */
async function read(page, id) {
  await page.goto(`${task.base}/app/pathology/${encodeURIComponent(id)}/read`)
  await inside(page, '.openseadragon-canvas canvas').first().waitFor()
}

/** What the story leaves for the walks after it. */
const made = {}

await walk({
  async story() {
    const lab = await visitor()
    const { page } = lab
    await enter(page, task.lab, '/app/pathology')
    await look(page, 'queue-empty')

    // A new case: what is typed survives a reload, and what is wrong says so.
    await page.getByRole('link', { name: '新建会诊' }).click()
    await page.getByRole('heading', { name: '新建病理会诊' }).waitFor()
    await page.getByRole('button', { name: '保存，继续登记标本' }).click()
    await page.locator('.field.wrong').first().waitFor()
    told.lacking = await page.locator('.field .error:visible').count()
    await field(page, '身份证号').last().fill(task.wrongNumber)
    told.wrongNumber = await page.locator('.field.wrong .error').first().innerText()
    await page.getByLabel('身份未知').check()
    await field(page, '临时标识').fill('示范患者 女 约50岁')
    await page.getByRole('combobox', { name: '性别' }).selectOption('FEMALE')
    await page.getByRole('combobox', { name: '会诊科室' }).selectOption({ label: task.asked })
    await page.getByRole('combobox', { name: '器官' }).selectOption('BREAST')
    await field(page, '会诊目的').fill('良恶性？请分型。')
    await page.waitForTimeout(900)
    await page.reload()
    await page.locator('.banner', { hasText: '已恢复' }).waitFor()
    told.restored = await field(page, '会诊目的').inputValue()
    await field(page, '临床病史').fill('左乳肿块 2 月，BI-RADS 4C 类。')
    await page.getByRole('combobox', { name: '初步诊断分类' }).selectOption('SUSPICIOUS')
    await page.getByRole('textbox', { name: /^同意人/ }).fill('示范家属')
    await page.getByRole('textbox', { name: /^与患者关系/ }).fill('女儿')
    await look(page, 'new')
    await page.getByRole('button', { name: '保存，继续登记标本' }).click()
    await page.locator('.case-head').waitFor()
    await status(page, '草稿')
    made.case = decodeURIComponent(page.url().split('/').at(-1))

    // A specimen with its block and slide.
    await page.getByRole('button', { name: '登记标本' }).click()
    await dialog(page).getByLabel('标本条码').fill(`${task.mark}`)
    await dialog(page).getByLabel('取材部位').fill('左乳外上象限')
    await dialog(page).getByRole('button', { name: '现在' }).click()
    await dialog(page).getByLabel('蜡块条码').fill(`${task.mark}-A`)
    await dialog(page).getByLabel('切片条码').fill(`${task.mark}-A1`)
    await look(page, 'specimen')
    await dialog(page).locator('button[type=submit]').click()
    await dialog(page).waitFor({ state: 'detached' })
    await page.locator('.slide', { hasText: `${task.mark}-A1` }).waitFor()

    // Submitting without a picture names what is missing.
    await page.locator('.steps').getByRole('button', { name: '提交病理会诊' }).click()
    await dialog(page).locator('button[type=submit]').click()
    told.incomplete = await dialog(page).locator('.banner').innerText()
    await page.keyboard.press('Escape')

    // The file over a thin line: paused, the page loaded anew, the same file goes on; then the line is cut and comes back.
    const thin = await lab.context.newCDPSession(page)
    const rate = (bytes) => thin.send('Network.emulateNetworkConditions', { offline: false, latency: 20, downloadThroughput: -1, uploadThroughput: bytes })
    await rate(task.thin)
    await page.locator('.slide input[type=file]').setInputFiles(task.file)
    await page.locator('.slide-file progress').waitFor()
    await page.waitForFunction(() => Number(document.querySelector('.slide-file progress')?.value) > 400_000)
    await page.getByRole('button', { name: '暂停' }).click()
    await page.getByText('已暂停，已传部分都在').waitFor()
    await look(page, 'upload-paused')
    await rate(-1)
    await page.reload()
    await page.locator('.slide-file .halfway').waitFor()
    told.halfway = await page.locator('.slide-file .halfway').innerText()
    await rate(task.thin)
    await page.locator('.slide input[type=file]').setInputFiles(task.file)
    await page.locator('.slide-file progress').waitFor()
    await page.waitForFunction(() => Number(document.querySelector('.slide-file progress')?.value) > 300_000)
    told.resumedAt = await page.locator('.slide-file progress').evaluate((one) => one.value)
    lab.hear.quiet = true
    await lab.context.setOffline(true)
    await page.locator('.slide-file .banner').waitFor()
    told.cut = await page.locator('.slide-file .banner').innerText()
    await look(page, 'upload-cut')
    await lab.context.setOffline(false)
    await rate(-1)
    await page.locator('.slide .badge', { hasText: '图像已校验' }).waitFor({ timeout: 120000 })
    lab.hear.quiet = false
    await look(page, 'upload-done')
    await step(page, '提交病理会诊')
    await status(page, '待质检')

    // The other side: quality fails first; the page of the lab moves by itself; mended, passed.
    const quality = await visitor()
    await enter(quality.page, task.quality, '/app/pathology?box=IN')
    await rows(quality.page).filter({ hasText: task.mine }).first().locator('.case-link').click()
    await quality.page.locator('.case-head').waitFor()
    await quality.page.goto(`${task.base}/app/pathology/${encodeURIComponent(made.case)}`)
    await step(quality.page, '质检退回', async (form) => {
      await form.getByRole('combobox', { name: '缺陷类型' }).selectOption('FOCUS')
      await look(quality.page, 'quality')
    })
    await status(page, '质检退回')
    told.moved = await page.locator('[aria-live] .banner').innerText()
    await step(page, '整改后重新提交', (form) => form.getByLabel('整改了什么').fill('已重新对焦，请再看。'))
    await status(quality.page, '待质检')
    await step(quality.page, '质检合格')
    await status(quality.page, '待认领')
    await quality.context.close()

    // The pathologist, by keys alone: claim, read, write, sign.
    const expert = await visitor()
    const desk = expert.page
    await enter(desk, task.pathologist, '/app/pathology?box=POOL&sort=NEWEST')
    await rows(desk).first().waitFor()
    await look(desk, 'queue-pool')
    await desk.keyboard.press('j')
    while (!(await desk.evaluate((id) => document.activeElement?.closest('[data-case]')?.dataset.case === id, made.case))) {
      await desk.keyboard.press('j')
    }
    await desk.keyboard.press('c')
    await desk.locator('.toast', { hasText: '已认领' }).waitFor()
    await read(desk, made.case)
    await desk.getByRole('button', { name: '开始阅片' }).click()
    await desk.locator('#report-conclusion').waitFor()
    await desk.locator('.strip button', { hasText: '已阅' }).waitFor()
    await desk.locator('main h1').focus()
    await desk.keyboard.press('v')
    await desk.keyboard.press('k')
    await desk.keyboard.type('癌巢')
    await desk.keyboard.press('Enter')
    await desk.locator('#report-keyImages .pictures li').waitFor()
    told.ticked = await desk.locator('#report-keyImages input').isChecked()
    told.typedElsewhere = await desk.locator('#report-conclusion textarea').inputValue()
    await inside(desk, '.openseadragon-canvas').first().focus()
    await desk.keyboard.press('e')
    await desk.keyboard.type('（左乳外上象限）浸润性癌，非特殊型，组织学 2 级。')
    await desk.getByRole('combobox', { name: /^结论分类/ }).selectOption('MALIGNANT')
    await desk.locator('.saved-mark', { hasText: '已保存' }).waitFor()
    await desk.locator('.missing summary').click()
    told.missing = await desk.locator('.missing li').count()
    await look(desk, 'read')
    await desk.reload()
    await desk.locator('#report-conclusion textarea').waitFor()
    told.draft = await desk.locator('#report-conclusion textarea').inputValue()

    // What is missing leads to where it is written.
    await desk.locator('.missing summary').click()
    await desk.locator('.missing li button').first().click()
    told.led = await desk.evaluate(() => document.activeElement.closest('[id^=answer-], [id^=report-]')?.id)
    for (const [code, value] of Object.entries(task.answers)) {
      const at = desk.locator(`#answer-${code}`)
      if (await at.locator(`input[value="${value}"]`).count()) await at.locator(`input[value="${value}"]`).check()
      else if (await at.locator('select').count()) await at.locator('select').selectOption(value)
      else await at.locator('input, textarea').first().fill(value)
    }
    await desk.locator('.complete').waitFor()
    await desk.locator('main h1').focus()
    await desk.keyboard.press('s')
    await dialog(desk).waitFor()
    told.confirm = await dialog(desk).innerText()
    await look(desk, 'sign')
    await dialog(desk).getByRole('button', { name: '签发报告' }).click()
    await desk.locator('.signed').waitFor()
    told.signed = await desk.locator('.signed .conclusion').innerText()
    await look(desk, 'signed')

    // The lab reads it, acknowledges, and records what came of it.
    await status(page, '已签发')
    await step(page, '确认收到报告')
    await status(page, '已确认收悉')
    await step(page, '回填最终结果', async (form) => {
      await form.getByRole('combobox', { name: '最终诊断分类' }).selectOption('MALIGNANT')
      await form.getByLabel('最终诊断', { exact: true }).fill('左乳浸润性导管癌')
    })
    await status(page, '已回填')
    await look(page, 'case-done')
    await page.setViewportSize({ width: 360, height: 740 })
    await look(page, '360-case')
    await desk.setViewportSize({ width: 360, height: 740 })
    await look(desk, '360-read')
    for (const path of ['', '/new']) {
      await page.goto(`${task.base}/app/pathology${path}`)
      await page.locator('main h1').waitFor()
      await page.waitForTimeout(500)
      await look(page, `360-queue${path.replace('/', '-')}`)
    }
    await lab.context.close()
    await expert.context.close()
  },

  async weather() {
    const expert = await visitor()
    const { page, context, hear } = expert
    await enter(page, task.pathologist, '/app/pathology?box=MINE')
    await rows(page).first().waitFor()
    await read(page, task.reading)
    const conclusion = page.locator('#report-conclusion textarea')
    const saved = () => page.locator('.saved-mark', { hasText: '已保存' }).waitFor()
    await conclusion.fill('第一稿')
    await saved()

    // The line is cut while somebody writes.
    hear.quiet = true
    await context.setOffline(true)
    await conclusion.fill('断线时写的')
    await page.locator('.saved-mark', { hasText: '尚未传到服务器' }).waitFor()
    await look(page, 'read-cut')
    await context.setOffline(false)
    await saved()

    // The session ends while somebody writes.
    await context.clearCookies({ name: 'sessionid' })
    await conclusion.fill('登录过期时写的')
    await page.locator('dialog[open] [name=password]').fill(task.pathologist.password)
    await page.keyboard.press('Enter')
    await page.locator('dialog[open]').waitFor({ state: 'detached' })
    await saved()

    // The same draft is saved elsewhere: nothing is overwritten unseen.
    const query = `{ reportDraft(case: "${task.reading}") { version conclusion } }`
    const token = (await context.cookies()).find((cookie) => cookie.name === 'csrftoken').value
    const ask = async () => (await (await context.request.post(`${task.base}/graphql/`, { data: { query }, headers: { 'X-CSRFToken': token, Referer: task.base } })).json()).data.reportDraft
    const { version } = await ask()
    await act(context, 'saveReportDraft', { id: task.reading, expectedVersion: version, report: { conclusion: '另一台电脑上写的' } })
    await conclusion.fill('这里写的')
    await page.locator('.report .banner', { hasText: '别处保存' }).waitFor()
    told.conflict = await page.locator('.report .banner').first().innerText()
    await look(page, 'read-conflict')
    await page.getByRole('button', { name: '用本页的' }).click()
    await saved()
    told.kept = (await ask()).conclusion
    hear.quiet = false

    // More material; the lab's answer brings the case back by itself.
    const tab = (name) => page.locator('.report-side').getByRole('tab', { name }).click()
    await tab('操作')
    await look(page, 'read-steps')
    await step(page, '要求补充材料', async (form) => {
      await form.getByLabel('免疫组化').check()
      await form.getByLabel(/^具体要求/).fill('ER、PR、HER2')
      await look(page, 'material')
    })
    await page.locator('.reading-head .badge', { hasText: '待补充材料' }).waitFor()
    const lab = await visitor()
    await enter(lab.page, task.lab, `/app/pathology/${encodeURIComponent(task.reading)}`)
    await step(lab.page, '补充材料', (form) => form.getByLabel('补充了什么').fill('已补做并扫描'))
    await page.locator('.reading-head .badge', { hasText: '阅片中' }).waitFor()
    await lab.context.close()

    // Two disagree, a third decides, and the report follows.
    await step(page, '提请复核', async (form) => {
      await form.getByRole('combobox', { name: /^请谁复核/ }).selectOption(task.second.id)
      await form.getByRole('combobox', { name: /^本人意见/ }).selectOption('MALIGNANT')
      await form.getByLabel(/^诊断意见/).fill('浸润性癌')
    })
    await page.locator('.reading-head .badge', { hasText: '复核中' }).waitFor()
    for (const [who, name, diagnosis] of [[task.second, '复核意见', 'BENIGN'], [task.third, '仲裁意见', 'MALIGNANT']]) {
      if (who === task.third) {
        await step(page, '指定仲裁专家', (form) => form.getByRole('combobox', { name: /^请谁仲裁/ }).selectOption(task.third.id))
      }
      const other = await visitor()
      await enter(other.page, who, '/app/pathology?box=MINE')
      await read(other.page, task.reading)
      const strip = other.page.locator('.strip button')
      await strip.first().waitFor()
      for (let at = 0; at < (await strip.count()); at += 1) {
        await strip.nth(at).click()
        await strip.nth(at).getByText('已阅').waitFor()
      }
      await other.page.locator('.report-side').getByRole('tab', { name: '操作' }).click()
      await step(other.page, name, async (form) => {
        await form.getByRole('combobox', { name: /^诊断分类/ }).selectOption(diagnosis)
        await form.getByLabel(/^诊断意见/).fill('复阅后的意见')
      })
      await other.context.close()
    }
    await tab('病例')
    await page.getByText('仲裁意见').first().waitFor()
    await look(page, 'read-case')

    // Somebody was faster: said in words, and the list is as it is.
    const second = await visitor({ quiet: true })
    await second.page.route('**/graphql/stream/', (route) => route.abort())
    await enter(second.page, task.second, '/app/pathology?box=POOL')
    await rows(second.page).first().waitFor()
    const id = await rows(second.page).first().getAttribute('data-case')
    const number = await rows(second.page).first().innerText()
    await page.goto(`${task.base}/app/pathology?box=POOL`)
    await page.locator(`[data-case="${id}"]`).getByRole('button', { name: /^认领/ }).click()
    await page.locator('.toast', { hasText: '已认领' }).waitFor()
    await second.page.locator(`[data-case="${id}"]`).getByRole('button', { name: /^认领/ }).click()
    await second.page.locator('.banner', { hasText: '接手' }).waitFor()
    told.faster = await second.page.locator('.banner').innerText()
    await second.page.locator(`[data-case="${id}"]`).waitFor({ state: 'detached' })
    told.gone = [number.includes('待认领'), await second.page.locator(`[data-case="${id}"]`).count()]
    await look(second.page, 'queue-faster')
    await second.context.close()

    // The whole in English.
    await page.getByRole('button', { name: 'Switch to English' }).click()
    await page.getByRole('heading', { name: 'Remote pathology' }).waitFor()
    await look(page, 'en-queue')
    await read(page, task.reading)
    await page.locator('.strip button', { hasText: 'seen' }).first().waitFor()
    await look(page, 'en-read')
    told.english = await page.locator('.report-side [role=tab]').allInnerTexts()
    await page.goto(`${task.base}/app/pathology/${encodeURIComponent(task.reading)}`)
    await page.locator('.case-head').waitFor()
    await look(page, 'en-case')
    await context.close()
  },

  async ends() {
    // Claimed by one, given to another by the lead, declined by them, in the pool again.
    const at = (id) => `/app/pathology/${encodeURIComponent(id)}`
    const first = await visitor()
    await enter(first.page, task.pathologist, at(task.pooled))
    await step(first.page, '认领病理会诊')
    await status(first.page, '已分派')
    const lead = await visitor()
    await enter(lead.page, task.lead, at(task.pooled))
    await lead.page.locator('.steps').getByRole('button', { name: '重新分派' }).click()
    told.others = await dialog(lead.page).getByRole('combobox').first().locator('option').allInnerTexts()
    await dialog(lead.page).locator('button[type=submit]').click()
    await dialog(lead.page).locator('.field.wrong').first().waitFor()
    told.lacking = await dialog(lead.page).locator('.error:visible').allInnerTexts()
    await look(lead.page, 'reassign')
    await dialog(lead.page).getByRole('combobox').first().selectOption(task.second.id)
    await dialog(lead.page).getByRole('combobox', { name: /^原因/ }).selectOption('OTHER')
    await dialog(lead.page).locator('button[type=submit]').click()
    await dialog(lead.page).locator('.field.wrong').first().waitFor() // this reason needs words
    told.words = await dialog(lead.page).locator('.error:visible').allInnerTexts()
    await dialog(lead.page).locator('textarea').fill('两人商定')
    await dialog(lead.page).locator('button[type=submit]').click()
    await dialog(lead.page).waitFor({ state: 'detached' })
    await first.page.locator('[aria-live] .banner', { hasText: '重新分派' }).waitFor() // it left by itself
    await first.page.locator('.steps').getByRole('button', { name: '开始阅片' }).waitFor({ state: 'detached' })

    const second = await visitor()
    await enter(second.page, task.second, at(task.pooled))
    await step(second.page, '谢绝阅片', async (form) => {
      await form.getByRole('combobox', { name: /^原因/ }).selectOption('NOT_AVAILABLE')
      await look(second.page, 'decline')
    })
    await status(second.page, '待认领')
    await status(lead.page, '待认领')
    told.course = await lead.page.locator('.timeline').innerText()
    await second.context.close()
    await lead.context.close()

    // No diagnosis is possible: by keys alone, and the lab reads why.
    const lab = await visitor()
    await enter(lab.page, task.lab, at(task.reading))
    await first.page.goto(task.base + at(task.reading))
    const name = '无法诊断'
    await first.page.locator('.steps').getByRole('button', { name, exact: true }).focus()
    await first.page.keyboard.press('Enter')
    await dialog(first.page).waitFor()
    told.focused = await first.page.evaluate(() => document.activeElement.tagName)
    await first.page.locator('select:focus').selectOption('INSUFFICIENT_TISSUE')
    await look(first.page, 'undiagnosable')
    await first.page.keyboard.press('Control+Enter')
    await dialog(first.page).waitFor({ state: 'detached' })
    await status(first.page, name)
    await status(lab.page, name)
    await lab.page.locator('.timeline', { hasText: '组织过少' }).waitFor() // the catalogue's words come after the page
    told.why = await lab.page.locator('main').innerText()
    await look(lab.page, 'undiagnosable-lab')
    await lab.page.setViewportSize({ width: 360, height: 740 })
    await look(lab.page, '360-undiagnosable-lab')
    await lab.context.close()
    await first.context.close()
  },

  async newcomer() {
    // Nobody is registered: the lead finds the department's pathologists all the same.
    const { page, context } = await visitor()
    await enter(page, task.lead, '/app/pathology/experts')
    await page.locator('.empty').waitFor()
    await look(page, 'experts-none')
    await page.getByRole('button', { name: '登记亚专科' }).focus()
    await page.keyboard.press('Enter')
    told.people = await dialog(page).getByRole('combobox', { name: /^专家/ }).locator('option').allInnerTexts()
    await dialog(page).getByRole('combobox', { name: /^专家/ }).selectOption(task.second.id)
    await dialog(page).getByRole('combobox', { name: /^亚专科/ }).selectOption('BREAST')
    await look(page, 'experts-first')
    await dialog(page).locator('button[type=submit]').click()
    await page.locator('.table').waitFor()
    told.registered = await page.locator('.table tbody').innerText()
    await context.close()
  },

  async lead() {
    const { page, context } = await visitor()
    await enter(page, task.lead, '/app/pathology?box=POOL')
    await rows(page).first().waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('a')
    await dialog(page).locator('.candidates li').first().waitFor()
    told.candidates = await dialog(page).locator('.candidates li').allInnerTexts()
    await look(page, 'assign')
    await dialog(page).locator('.candidates button').first().click()
    await page.locator('.toast', { hasText: '已分派给' }).waitFor()
    await page.getByRole('link', { name: '专家与亚专科' }).click()
    await page.locator('.table').waitFor()
    await look(page, 'experts')
    await page.locator('.held button').first().click()
    await dialog(page).getByLabel(/^在办上限/).fill('7')
    await dialog(page).locator('button[type=submit]').click()
    await page.getByText('上限 7').waitFor()
    await page.goto(`${task.base}/app/pathology/ledger?by=KIND`)
    await page.locator('.table, .empty').waitFor()
    await look(page, 'ledger')
    await page.setViewportSize({ width: 360, height: 740 })
    await look(page, '360-ledger')
    await page.goto(`${task.base}/app/pathology/experts`)
    await page.locator('.table').waitFor()
    await look(page, '360-experts')
    await context.close()
  },
})
