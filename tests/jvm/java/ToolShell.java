import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import org.apache.kafka.common.utils.Exit;

/**
 * Runs the main methods of Kafka's console tools one after the other in one JVM, for a JVM's start costs a second.
 *
 * <p>A tool sees what it would see in a process of its own: its arguments, its standard streams, and an exit that ends
 * it. Standard input carries the calls (a count, the main class and its arguments as UTF, the tool's input, a limit in
 * milliseconds) and standard output the outcomes (exit code, output, errors).
 */
public final class ToolShell {
    private static final int TIMED_OUT = 124;
    private static final int CRASHED = 1;

    private ToolShell() {}

    public static void main(String[] args) throws Exception {
        DataInputStream calls = new DataInputStream(System.in);
        DataOutputStream outcomes = new DataOutputStream(System.out);
        System.setOut(System.err);
        while (true) {
            int count;
            try {
                count = calls.readInt();
            } catch (EOFException e) {
                System.exit(0);
                return;
            }
            List<String> words = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                words.add(calls.readUTF());
            }
            byte[] input = calls.readNBytes(calls.readInt());
            new Call(words.get(0), words.subList(1, count), input).run(calls.readInt()).write(outcomes);
        }
    }

    /** Unwinds the thread of a tool that wanted to exit. */
    private static final class Exited extends Error {
        Exited() {
            super("exit", null, false, false);
        }
    }

    /** An output that falls silent when its tool has exited, whatever still unwinds. */
    private static final class Output extends OutputStream {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private boolean closed;

        @Override
        public synchronized void write(int b) {
            if (!closed) {
                bytes.write(b);
            }
        }

        @Override
        public synchronized void write(byte[] b, int offset, int length) {
            if (!closed) {
                bytes.write(b, offset, length);
            }
        }

        synchronized byte[] end() {
            closed = true;
            return bytes.toByteArray();
        }
    }

    /** One run of a tool. */
    private static final class Call {
        private final String mainClass;
        private final String[] args;
        private final InputStream input;
        private final Output out = new Output();
        private final Output err = new Output();
        private final PrintStream outStream = new PrintStream(out, true, StandardCharsets.UTF_8);
        private final PrintStream errStream = new PrintStream(err, true, StandardCharsets.UTF_8);
        private final List<Runnable> hooks = new ArrayList<>();
        private Integer code;

        Call(String mainClass, List<String> args, byte[] input) {
            this.mainClass = mainClass;
            this.args = args.toArray(new String[0]);
            this.input = new ByteArrayInputStream(input);
        }

        Call run(int limitMs) throws InterruptedException {
            System.setIn(input);
            System.setOut(outStream);
            System.setErr(errStream);
            Exit.setExitProcedure(this::exit);
            Exit.setHaltProcedure(this::exit);
            Exit.setShutdownHookAdder((name, hook) -> hooks.add(hook));
            Thread tool = new Thread(this::invoke, "tool");
            tool.setDaemon(true);
            tool.start();
            tool.join(limitMs);
            if (tool.isAlive()) {
                finish(TIMED_OUT);
                tool.interrupt();
            }
            return this;
        }

        private void invoke() {
            try {
                Class.forName(mainClass).getMethod("main", String[].class).invoke(null, (Object) args);
                hooks();
                finish(0);
            } catch (InvocationTargetException e) {
                if (!(e.getCause() instanceof Exited)) {
                    e.getCause().printStackTrace(errStream);
                }
                finish(CRASHED);
            } catch (ReflectiveOperationException e) {
                e.printStackTrace(errStream);
                finish(CRASHED);
            }
        }

        private void hooks() {
            List<Runnable> now = new ArrayList<>(hooks);
            hooks.clear();
            now.forEach(Runnable::run);
        }

        private void exit(int status, String message) {
            if (message != null) {
                errStream.println(message);
            }
            hooks();
            finish(status);
            throw new Exited();
        }

        private synchronized void finish(int status) {
            if (code == null) {
                code = status;
                outStream.flush();
                errStream.flush();
                out.end();
                err.end();
            }
        }

        void write(DataOutputStream outcomes) throws IOException {
            outcomes.writeInt(code);
            for (Output each : List.of(out, err)) {
                byte[] bytes = each.end();
                outcomes.writeInt(bytes.length);
                outcomes.write(bytes);
            }
            outcomes.flush();
        }
    }
}
