// Emergency access from the first search to the audit: a doctor breaks the glass, the hospital is told and reviews, the auditor finds it all.
import { readFileSync } from 'node:fs'
import { enter, look, task, told, visitor, walk } from './app.mjs'

const dialog = (page) => page.locator('dialog[open]')
const button = (page, name) => page.getByRole('button', { name, exact: true })
const errors = (page) => page.locator('main .field .error:visible').allInnerTexts()
const narrow = (page) => page.setViewportSize({ width: 360, height: 740 })
const wide = (page) => page.setViewportSize({ width: 1280, height: 800 })

/** Looks a page over in both sizes. */
async function both(page, name) {
  await look(page, name)
  await narrow(page)
  await look(page, `${name}-360`)
  await wide(page)
}

await walk({
  async glass() {
    const doctor = await visitor({ quiet: true })
    await enter(doctor.page, task.doctor, '/app/worklist?box=IN&q=%E7%8E%8B%E5%B0%8F%E4%BB%80')
    const nothing = doctor.page.locator('.empty', { hasText: '紧急调阅' })
    await nothing.waitFor()
    await look(doctor.page, 'glass-nothing-found')
    await nothing.getByRole('link', { name: '紧急调阅' }).click()
    await doctor.page.getByRole('heading', { level: 1, name: '紧急调阅' }).waitFor()
    told.know = await doctor.page.locator('.know li').allInnerTexts()
    await doctor.page.locator('.empty-title').waitFor()
    told.before = await doctor.page.locator('.empty-title').allInnerTexts()
    await both(doctor.page, 'glass-request')

    // By the keyboard alone: nothing given, a wrong name, then the right one.
    await button(doctor.page, '开始调阅').focus()
    await doctor.page.keyboard.press('Enter')
    await doctor.page.locator('main .field.wrong').first().waitFor()
    told.missing = await errors(doctor.page)
    told.focus = await doctor.page.evaluate(() => document.activeElement?.getAttribute('aria-invalid'))
    await doctor.page.getByLabel('身份证号', { exact: true }).fill(task.idNumber)
    await doctor.page.getByLabel('姓名', { exact: true }).fill('赵无此人')
    await doctor.page.getByLabel('原因', { exact: true }).selectOption('CANNOT_TELL')
    await button(doctor.page, '开始调阅').click()
    await doctor.page.locator('main .field.wrong').first().waitFor()
    told.wrong = await errors(doctor.page)
    await look(doctor.page, 'glass-refused')
    await doctor.page.getByLabel('姓名', { exact: true }).fill(task.name)
    await button(doctor.page, '开始调阅').click()
    await doctor.page.getByRole('heading', { name: '可查看的病例' }).waitFor()
    told.address = decodeURIComponent(new URL(doctor.page.url()).pathname)
    told.heading = await doctor.page.locator('h1').innerText()
    told.left = await doctor.page.locator('main .banner .clock').innerText()
    told.bar = await doctor.page.locator('.bar .emergency').innerText()
    await both(doctor.page, 'glass-running')

    // The case is open for reading, and no step is offered.
    await doctor.page.locator('main a', { hasText: task.number }).click()
    await doctor.page.locator('.case-main').waitFor()
    told.summary = await doctor.page.locator('.case-main').innerText()
    told.inCase = await doctor.page.locator('.bar .emergency').innerText()
    await both(doctor.page, 'glass-case')

    // The patient's hospital has been told, sees what was read, and cannot review what still runs.
    const admin = await visitor()
    await enter(admin.page, task.admin, '/app/notices')
    await admin.page.locator('.notice', { hasText: '紧急调阅' }).first().waitFor()
    told.notice = await admin.page.locator('.notice', { hasText: '紧急调阅' }).first().innerText()
    await admin.page.locator('.notice-label', { hasText: '紧急调阅' }).first().click()
    await admin.page.locator('.table tbody tr').first().waitFor()
    told.reads = await admin.page.locator('.table tbody tr').allInnerTexts()
    told.early = await admin.page.getByText('结束后才能复核').count()
    await both(admin.page, 'glass-reads')

    // The doctor ends it; the record is closed to them.
    await doctor.page.locator('.bar .emergency').click()
    await doctor.page.locator('main .banner .button', { hasText: '提前结束' }).click()
    await dialog(doctor.page).getByRole('button', { name: '提前结束' }).click()
    await doctor.page.getByText('病历不再对您开放').waitFor()
    told.barAfter = await doctor.page.locator('.bar .emergency').count()
    await doctor.page.goto(task.base + task.case)
    await doctor.page.locator('main .empty').waitFor()
    told.closed = await doctor.page.locator('main .empty-title').innerText()

    // The review: from the queue, refused without words, then done.
    await admin.page.goto(`${task.base}/app/break-glass`)
    await admin.page.locator('.table tbody tr').first().waitFor()
    told.queue = await admin.page.locator('.table tbody tr').allInnerTexts()
    await both(admin.page, 'glass-queue')
    await admin.page.locator('.table a').first().click()
    await admin.page.locator('.choice', { hasText: '不合理' }).click()
    await button(admin.page, '提交复核').click()
    await admin.page.locator('main .field.wrong').first().waitFor()
    told.needs = await errors(admin.page)
    await both(admin.page, 'glass-review')
    await admin.page.getByLabel('说明').fill('患者当时不在该院就诊')
    await button(admin.page, '提交复核').click()
    await admin.page.locator('.facts', { hasText: '患者当时不在该院就诊' }).waitFor()
    await admin.page.goto(`${task.base}/app/break-glass`)
    await admin.page.locator('.empty').waitFor()
    told.after = await admin.page.locator('.empty-title').innerText()
    await look(admin.page, 'glass-queue-empty')
    await admin.page.getByLabel('显示').selectOption('REVIEWED')
    await admin.page.locator('.table tbody tr').first().waitFor()
    told.reviewed = await admin.page.locator('.table tbody tr').allInnerTexts()

    // The auditor finds all of it.
    const auditor = await visitor()
    await enter(auditor.page, task.auditor, '/app/trail')
    await auditor.page.locator('.trail > .table-frame tbody tr').first().waitFor()
    await both(auditor.page, 'trail')
    told.chains = await auditor.page.locator('section[aria-labelledby=chains]').innerText()
    await auditor.page.locator('section[aria-labelledby=chains] summary').click()
    await look(auditor.page, 'trail-chains')
    await auditor.page.getByLabel('患者或单号').fill(task.idNumber)
    await button(auditor.page, '查询').click()
    await button(auditor.page, '导出这位患者的披露记录（CSV）').waitFor()
    told.search = new URL(auditor.page.url()).search
    await auditor.page.getByLabel('目的').selectOption('BREAK_GLASS')
    await auditor.page.waitForFunction(() => {
      const rows = [...document.querySelectorAll('.trail > .table-frame tbody tr')]
      return rows.length > 0 && rows.every((row) => row.textContent.includes('紧急调阅'))
    })
    told.found = await auditor.page.locator('.trail > .table-frame tbody tr').allInnerTexts()
    told.filtered = new URL(auditor.page.url()).search
    await both(auditor.page, 'trail-patient')
    const [file] = await Promise.all([auditor.page.waitForEvent('download'), button(auditor.page, '导出这位患者的披露记录（CSV）').click()])
    told.file = readFileSync(await file.path(), 'utf8')
    told.fileName = file.suggestedFilename()
    await auditor.page.locator('.trail > .table-frame tbody .narrow').first().click()
    await auditor.page.locator('.chip').waitFor()
    told.chip = await auditor.page.locator('.chip').innerText()
    told.narrowed = new URL(auditor.page.url()).searchParams.has('person')
    await button(auditor.page, '清除筛选').click()
    told.cleared = new URL(auditor.page.url()).search
    await auditor.page.getByLabel('患者或单号').fill('R99-0000001')
    await auditor.page.keyboard.press('Enter')
    await auditor.page.locator('.empty').waitFor()
    told.none = await auditor.page.locator('.empty-title').innerText()
    told.number = new URL(auditor.page.url()).searchParams.get('number')
    await look(auditor.page, 'trail-none')
  },
})
