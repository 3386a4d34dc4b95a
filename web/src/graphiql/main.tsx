/** @jsxImportSource react */
/** The GraphiQL page: asks who is signed in, then shows the bar and the editor. */
import "graphiql/setup-workers/vite";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./page.css";
import { GraphiQL } from "graphiql";
import { useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { fetcherFor } from "./fetcher";
import { currentPerson, type Person } from "./session";
import { SessionBar } from "./SessionBar";
import { keepFor, tabStorage } from "./storage";

const DEFAULT_QUERY = `# Refnet 接口试验台
#
# 在左边写 GraphQL，按 Ctrl-Enter（或点 ▶）执行，结果显示在右边。
# Ctrl-空格 提示可用的字段；左上角的书本图标打开接口文档。
#
# 登录以后，请求使用您的会话。
# 也可以用令牌：在下面的 Headers 里填 {"Authorization": "Bearer 您的令牌"}，
# 这时请求不带会话，只认令牌。
#
# 试一试：我是谁，我在哪家医院担任什么角色？
{
  me {
    person {
      name
    }
    roles {
      label
      hospital {
        name
      }
      department {
        name
      }
    }
  }
}
`;

function Page() {
  const [person, setPerson] = useState<Person | null>();
  const [trouble, setTrouble] = useState("");

  function open() {
    setTrouble("");
    currentPerson()
      .then((found) => {
        keepFor(found ? String(found.id ?? found.username ?? found.name) : "");
        setPerson(found);
      })
      .catch((error: Error) => setTrouble(error.message));
  }
  useEffect(open, []);

  if (trouble) {
    return (
      <main className="notice" role="alert">
        <p>{trouble}</p>
        <button type="button" onClick={open}>
          重试
        </button>
      </main>
    );
  }
  if (person === undefined) return <main className="notice">正在确认登录状态…</main>;
  return (
    <>
      <SessionBar person={person} />
      <Editor signedIn={person !== null} />
    </>
  );
}

function Editor({ signedIn }: { signedIn: boolean }) {
  const fetcher = useMemo(() => fetcherFor(signedIn), [signedIn]);
  const storage = useMemo(tabStorage, []);
  return (
    <main className="editor">
      <GraphiQL
        fetcher={fetcher}
        storage={storage as never}
        defaultQuery={DEFAULT_QUERY}
        defaultEditorToolsVisibility={signedIn ? "variables" : "headers"}
        shouldPersistHeaders={false}
        showPersistHeadersSettings={false}
        inputValueDeprecation
        schemaDescription
      >
        <GraphiQL.Logo>Refnet</GraphiQL.Logo>
      </GraphiQL>
    </main>
  );
}

createRoot(document.getElementById("page")!).render(<Page />);
