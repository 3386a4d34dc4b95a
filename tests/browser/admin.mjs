// What administrators do: see where the network is blind, keep beds, rosters, roles and addresses.
import { enter, look, task, told, visitor, walk } from './app.mjs'

const text = (page, selector) => page.locator(selector).innerText()
const errors = (page) => page.locator('dialog .field .error:visible').allInnerTexts()
const toasted = (page, words) => page.locator('.toast', { hasText: words }).first().waitFor()
const narrow = (page) => page.setViewportSize({ width: 360, height: 740 })
const wide = (page) => page.setViewportSize({ width: 1280, height: 800 })

/** Presses keys one after the other. */
async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key)
}

/** The boxes of a page's main parts that lie over one another. */
function overlapping(page, selector) {
  return page.locator(selector).evaluateAll((all) => {
    const boxes = all.map((one) => one.getBoundingClientRect())
    const met = (one, other) => one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom - 1 && other.top < one.bottom - 1
    return boxes.flatMap((one, at) => boxes.slice(at + 1).filter((other) => met(one, other))).length
  })
}

await walk({
  async coverage() {
    const { page, hear } = await visitor()
    await enter(page, task.lead, `/app/coverage?period=own&since=${task.since}&until=${task.until}`)
    await page.locator('.tile-value').first().waitFor()
    await page.locator('path.county').first().waitFor()
    told.tiles = await page.locator('.tile').evaluateAll((all) => all.map((one) => [
      one.querySelector('.tile-label').textContent, one.querySelector('.tile-value').textContent]))
    told.legend = await page.locator('.legend .number').allInnerTexts()
    told.map = await page.locator('path.county').count()
    told.overlaps = [await overlapping(page, '.tile'), await overlapping(page, '.map-side, .list-side'), await overlapping(page, '.map text')]
    await page.locator('.matrix td').first().waitFor()
    await look(page, 'coverage')

    // Without a mouse: a tile, what stands behind it, a county by its neighbours, the views.
    await page.locator('.tile', { hasText: '接受率' }).focus()
    await press(page, 'Enter')
    await page.locator('dialog .table').waitFor()
    told.meaning = await text(page, 'dialog .meaning')
    await page.getByRole('button', { name: '明细：已答复的转诊' }).focus()
    await press(page, 'Enter')
    await page.locator('dialog .drill .empty').waitFor()
    told.drill = await text(page, 'dialog .drill .empty-title')
    await look(page, 'coverage-indicator')
    await press(page, 'Escape')
    told.back = await page.evaluate(() => document.activeElement?.className)
    await page.locator('path.county[tabindex="0"]').focus()
    const first = await page.evaluate(() => document.activeElement?.getAttribute('data-code'))
    await press(page, 'ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp')
    told.moved = [first, await page.evaluate(() => document.activeElement?.getAttribute('data-code'))]
    await page.locator(`[data-code="${task.county}"]`).focus()
    await press(page, 'Enter')
    await page.locator('.county-members li').waitFor()
    told.county = (await text(page, '.county-card')).split('\n').filter(Boolean)
    told.address = new URL(page.url()).searchParams.get('county')
    await look(page, 'coverage-county')
    await page.locator('.legend button').nth(3).focus()
    await press(page, 'Enter')
    told.served = await page.locator('.counties tbody tr').count()
    await page.getByRole('tab', { name: '流向' }).focus()
    await press(page, 'ArrowRight')
    await page.locator('.views .table tbody tr').first().waitFor()
    await look(page, 'coverage-hospitals')
    await press(page, 'ArrowRight')
    await page.locator('.views .table tbody tr').first().waitFor()
    await look(page, 'coverage-limits')

    await page.getByRole('button', { name: '导出与月报' }).click()
    await page.getByRole('button', { name: '生成文件' }).click()
    await page.locator('dialog .badge', { hasText: '排队中' }).waitFor()
    await look(page, 'coverage-export')
    await page.getByRole('button', { name: '取消', exact: true }).last().click()
    await page.locator('dialog .badge', { hasText: '已取消' }).waitFor()
    told.reports = await page.locator('.reports a').evaluateAll((all) => all.map((one) => one.getAttribute('href')))
    await press(page, 'Escape')

    await narrow(page)
    await page.goto(`${task.base}/app/coverage?period=own&since=${task.since}&until=${task.until}`)
    await page.locator('path.county').first().waitFor()
    await page.locator('.matrix td').first().waitFor()
    told.narrow = [await overlapping(page, '.tile'), await overlapping(page, '.map-side, .list-side'), await overlapping(page, '.map text')]
    await look(page, 'coverage-360')
    await wide(page)
    await page.getByRole('button', { name: 'Switch to English' }).click()
    await page.locator('.tile', { hasText: 'Acceptance' }).waitFor()
    await look(page, 'coverage-en')
    await page.getByRole('button', { name: '切换到中文' }).click()

    // No map: the tables hold the same.
    hear.quiet = true
    await page.route('**/assets/hunan*', (route) => route.abort())
    await page.reload()
    told.without = await page.locator('.map-side .banner').innerText()
    told.still = await page.locator('.counties tbody tr').count()
    await look(page, 'coverage-without-map')
  },

  async observer() {
    const { page } = await visitor()
    await enter(page, task.observer, `/app/coverage?period=own&since=${task.since}&until=${task.until}`)
    await page.locator('.matrix td').first().waitFor()
    told.withheld = await text(page, '.coverage .banner')
    told.small = await page.locator('.matrix tbody td:not(.none)').allInnerTexts()
    told.opens = await page.locator('.matrix td button').count()
    await look(page, 'coverage-observer')
  },

  async beds() {
    const [mine, theirs] = [await visitor(), await visitor()]
    const [page, other] = [mine.page, theirs.page]
    await enter(page, task.admin, '/app/admin')
    await enter(other, task.admin, '/app/admin/capacity')
    const [row, same] = [page.locator('.places').first(), other.locator('.places').first()]
    await row.waitFor()
    await same.waitFor()
    told.start = page.url().replace(task.base, '')
    told.old = await row.locator('.badge').allInnerTexts()
    await look(page, 'beds')
    await row.getByRole('button', { name: /空床减一/ }).focus()
    await press(page, 'Enter', 'Enter')
    await toasted(page, '已更新')
    told.places = await row.locator('output').innerText()
    await same.getByRole('button', { name: /空床加一/ }).click()
    await same.locator('.banner').waitFor()
    told.stale = await same.locator('.banner').innerText()
    told.kept = await same.locator('output').innerText()
    await look(other, 'beds-stale')
    await same.getByRole('button', { name: '按我填的提交' }).click()
    await toasted(other, '已更新')
    await same.getByRole('button', { name: /改总数/ }).click()
    await same.locator('.both input').first().fill('99')
    await same.getByRole('button', { name: '保存' }).click()
    told.wrong = await same.locator('.error:visible').allInnerTexts()
    await look(other, 'beds-wrong')
    await same.getByRole('button', { name: '取消' }).click()
    theirs.hear.quiet = true
    await theirs.context.setOffline(true)
    await same.getByRole('button', { name: /空床减一/ }).click()
    await same.locator('.banner').waitFor()
    await look(other, 'beds-cut')
    await theirs.context.setOffline(false)
    await same.locator('.banner').waitFor({ state: 'detached' })
    await toasted(other, '已更新')
    theirs.hear.quiet = false
    await narrow(page)
    await page.reload()
    await row.waitFor()
    told.thumbs = await row.locator('.stepper button').evaluateAll((all) => all.map((one) => Math.min(one.offsetWidth, one.offsetHeight)))
    await look(page, 'beds-360')
  },

  async house() {
    const { page, context } = await visitor()
    await enter(page, task.admin, '/app/admin/staff')
    await page.locator('.members > li').first().waitFor()
    await look(page, 'staff')
    await page.getByRole('button', { name: '授予岗位' }).click()
    await page.locator('dialog').getByRole('button', { name: '授予岗位' }).click()
    told.lacks = await errors(page)
    await page.getByRole('combobox', { name: '人员' }).fill(task.doctor.name)
    await page.getByRole('option', { name: task.doctor.name }).first().click()
    await page.getByLabel('岗位', { exact: true }).selectOption('REFERRAL_OFFICE')
    await page.getByLabel('在哪里').selectOption({ index: 1 })
    await page.locator('dialog').getByRole('button', { name: '授予岗位' }).click()
    await page.locator('dialog .field .error:visible').waitFor()
    told.elsewhere = await errors(page)
    await look(page, 'staff-refused')
    await page.getByLabel('在哪里').selectOption('')
    await page.locator('dialog').getByRole('button', { name: '授予岗位' }).click()
    await toasted(page, '已授予')
    await page.getByRole('button', { name: `撤销 ${task.doctor.name} 的“转诊办”` }).click()
    await look(page, 'staff-revoke')
    await page.locator('dialog').getByRole('button', { name: '撤销' }).click()
    await toasted(page, '已撤销')
    await page.getByLabel('查找').fill('没有这个人')
    await page.locator('.empty').waitFor()

    await page.goto(`${task.base}/app/admin/webhooks`)
    await page.locator('.empty').first().waitFor()
    await look(page, 'webhooks-empty')
    await page.getByRole('button', { name: '添加推送地址' }).click()
    await page.getByLabel('名称或用途').fill('院内平台')
    await page.getByLabel('接收地址').fill('ftp://his.example.org')
    await page.getByRole('button', { name: '添加', exact: true }).click()
    await page.locator('dialog .field .error:visible').waitFor()
    told.address = await errors(page)
    await page.getByLabel('接收地址').fill('https://his.example.org/hook')
    await page.getByRole('button', { name: '添加', exact: true }).click()
    await page.locator('.secret').waitFor()
    told.secret = (await text(page, '.secret')).slice(0, 6)
    await press(page, 'Escape')
    told.stays = await page.locator('.secret').isVisible()
    await look(page, 'webhooks-secret')
    await page.getByRole('button', { name: '我已保存' }).click()
    told.gone = await page.locator('.secret').count()
    await page.locator('.endpoint').first().getByRole('button', { name: '停用' }).click()
    await look(page, 'webhooks-off')
    await page.locator('dialog').getByRole('button', { name: '停用' }).click()
    await page.locator('.endpoint .badge', { hasText: '已停用' }).waitFor()

    for (const path of ['members', 'clocks', 'catalogues', 'staff', 'webhooks']) {
      for (const tongue of ['zh', 'en']) {
        await page.goto(`${task.base}/app/admin/${path}`)
        await page.locator('main h1').waitFor()
        await page.waitForFunction(() => !document.querySelector('main .loading'))
        if (tongue === 'zh') await page.getByRole('button', { name: 'Switch to English' }).click()
        else await page.getByRole('button', { name: '切换到中文' }).click()
        await page.waitForTimeout(200)
        await look(page, `${path}-${tongue === 'zh' ? 'en' : 'zh'}`)
      }
      await narrow(page)
      await look(page, `${path}-360`)
      await wide(page)
    }
    await context.close()
  },

  async roster() {
    const admin = await visitor()
    const [page] = [admin.page]
    await enter(page, task.admin, `/app/roster?week=${task.week}&department=${task.department}`)
    await page.locator('.week').waitFor()
    told.gap = await text(page, 'section .banner')
    await page.getByRole('button', { name: /排班/ }).nth(2).click()
    const who = page.getByRole('combobox', { name: '人员' })
    await who.fill(task.doctor.name)
    await page.getByRole('option', { name: task.doctor.name }).first().click()
    await look(page, 'roster-duty')
    await page.getByRole('button', { name: '保存' }).click()
    await toasted(page, '已保存')
    await page.getByRole('button', { name: /排班/ }).nth(2).click()
    await who.fill(task.doctor.name)
    await page.getByRole('option', { name: task.doctor.name }).first().click()
    await page.getByRole('button', { name: '保存' }).click()
    await page.locator('dialog .field .error:visible').waitFor()
    told.twice = await errors(page)
    await press(page, 'Escape')
    await look(page, 'roster')

    const [giver, taker] = [await visitor(), await visitor()]
    await enter(giver.page, task.doctor, `/app/roster?week=${task.week}&department=${task.department}`)
    await giver.page.locator('button.duty').first().focus()
    await press(giver.page, 'Enter')
    await giver.page.getByLabel('换入同事的班次').selectOption({ index: 1 })
    await look(giver.page, 'roster-swap')
    await giver.page.getByRole('button', { name: '提出申请' }).click()
    await toasted(giver.page, '已提出')
    told.waits = await text(giver.page, '.swaps')
    await enter(taker.page, task.colleague, `/app/roster?week=${task.week}&department=${task.department}`)
    told.wants = await text(taker.page, '.swaps li')
    await narrow(taker.page)
    await look(taker.page, 'roster-360')
    await taker.page.getByRole('button', { name: '同意换班' }).click()
    await toasted(taker.page, '换班完成')
    await taker.page.locator('.swaps').waitFor({ state: 'detached' })
    await wide(taker.page)
    await taker.page.getByRole('button', { name: 'Switch to English' }).click()
    await taker.page.locator('h1', { hasText: 'On call' }).waitFor()
    await look(taker.page, 'roster-en')
  },

  async list() {
    const { page } = await visitor()
    await enter(page, task.lead, '/app/admin/members')
    await page.getByRole('link', { name: '导入名单' }).focus()
    await press(page, 'Enter')
    await page.getByRole('button', { name: '选择文件' }).waitFor()
    await look(page, 'import')
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '下载空白名单' }).click()])
    told.template = file.suggestedFilename()
    // Without a mouse: the file, then the keys alone.
    const choose = async (name, text) => {
      await page.getByRole('button', { name: '选择文件' }).focus()
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), press(page, 'Enter')])
      await chooser.setFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) })
      await page.locator('#tried:focus', { hasText: name }).waitFor() // it has the focus once there is an answer
    }
    await choose('错.csv', task.wrong)
    told.mistakes = await page.locator('tbody tr').evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.lastChild.textContent)))
    told.refused = await text(page, '.banner.bad')
    told.focus = await page.evaluate(() => document.activeElement?.id)
    await look(page, 'import-mistakes')
    await narrow(page)
    await look(page, 'import-mistakes-360')
    await wide(page)
    await choose('对.csv', task.right)
    told.changes = await page.locator('tbody tr').evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.lastChild.textContent)))
    told.listed = await page.locator('.changes li').allInnerTexts()
    await look(page, 'import-changes')
    await narrow(page)
    await look(page, 'import-changes-360')
    await wide(page)
    // The line is cut once the list was imported: done again, it has one effect.
    let cut = 0
    await page.route('**/members/', async (route) => {
      if (cut) return route.continue()
      cut += 1
      await route.fetch()
      return route.abort()
    })
    await page.getByRole('button', { name: '导入 ' }).focus()
    await press(page, 'Enter')
    await page.locator('.banner.warn', { hasText: '重试' }).waitFor()
    await page.getByRole('button', { name: '重试' }).click()
    await page.locator('#tried', { hasText: '已导入' }).waitFor()
    told.imported = await text(page, '.banner.good')
    await page.unroute('**/members/')
    await choose('又.csv', task.right)
    told.again = await text(page, 'section .banner')
    told.offered = await page.getByRole('button', { name: '导入 ' }).count()
    await page.getByRole('button', { name: 'Switch to English' }).click()
    await page.locator('h1', { hasText: 'Import members' }).waitFor()
    await look(page, 'import-en')
  },

  async limits() {
    const { page } = await visitor()
    await enter(page, task.lead, '/app/admin/clocks')
    await page.locator('.table').first().waitFor()
    await page.getByRole('button', { name: '设定联盟时限' }).click()
    await page.getByRole('button', { name: '设定', exact: true }).click()
    told.missing = await errors(page)
    await page.getByLabel('时限', { exact: true }).selectOption('TRIAGE')
    await page.getByLabel('目标（分钟）').fill('25')
    await page.getByLabel('依据').fill('联盟理事会 3 号')
    await look(page, 'clocks-set')
    await page.getByRole('button', { name: '设定', exact: true }).click()
    told.set = await text(page, '.banner.good')
  },
})
